/**
 * The first message of the handshake as a packet: docs/protocol.md, "Handshake"; WireGuard's paper,
 * §5.4.2.
 */
import { encodeInitiationHeader, INITIATION_BYTES, INITIATION_OFFSET } from '@relay/packet';
import type { PrivateKey } from '../crypto/primitives.js';
import type { Identity, ServerIdentity } from './identity.js';
import { writeMacs } from './macs.js';
import {
  initiate,
  readFirstMessage,
  type FirstMessageRefusal,
  type InitiatorState,
  type ResponderState,
} from './noise-ik.js';
import { readTimestamp, writeTimestamp } from './timestamp.js';

/** A handshake that this side began. */
export interface Initiation {
  /** The packet to send. */
  readonly bytes: Uint8Array;
  readonly senderIndex: number;
  readonly noise: InitiatorState;
}

/**
 * Writes an initiation. Throws an Error if the server's public key is a point of low order: no
 * honest peer has one.
 */
export function writeInitiation(
  identity: Identity,
  server: ServerIdentity,
  ephemeral: PrivateKey,
  senderIndex: number,
  timestamp: bigint,
  cookie: Uint8Array | undefined,
): Initiation {
  const noise = initiate(identity.suite, identity.staticKey, ephemeral, server.publicKey, writeTimestamp(timestamp));
  if (noise === undefined) throw new Error('the public key of the server is not a usable key');
  const bytes = new Uint8Array(INITIATION_BYTES);
  encodeInitiationHeader(bytes, 0, senderIndex);
  bytes.set(noise.message.ephemeral, INITIATION_OFFSET.ephemeral);
  bytes.set(noise.message.sealedStatic, INITIATION_OFFSET.encryptedStatic);
  bytes.set(noise.message.sealedPayload, INITIATION_OFFSET.encryptedTimestamp);
  writeMacs(bytes, INITIATION_OFFSET.mac1, server.mac1, cookie);
  return { bytes, senderIndex, noise };
}

/** mac1 of an initiation: what a cookie reply to it is bound to. */
export function mac1Of(initiation: Initiation): Uint8Array {
  return initiation.bytes.subarray(INITIATION_OFFSET.mac1, INITIATION_OFFSET.mac2);
}

/**
 * An initiation that was read and is authentic; whether its timestamp is new is for the reader to
 * judge.
 */
export interface ReadInitiation {
  readonly noise: ResponderState;
  readonly timestamp: bigint;
}

/**
 * Reads the initiation at `bytes[offset]`, whose macs were checked. `isKnown` as in {@link
 * readFirstMessage}.
 */
export function readInitiation(
  identity: Identity,
  bytes: Uint8Array,
  offset: number,
  isKnown: (publicKey: Uint8Array) => boolean,
): ReadInitiation | FirstMessageRefusal {
  const { ephemeral, encryptedStatic, encryptedTimestamp, mac1 } = INITIATION_OFFSET;
  const message = {
    ephemeral: bytes.slice(offset + ephemeral, offset + encryptedStatic),
    sealedStatic: bytes.subarray(offset + encryptedStatic, offset + encryptedTimestamp),
    sealedPayload: bytes.subarray(offset + encryptedTimestamp, offset + mac1),
  };
  const noise = readFirstMessage(identity.suite, identity.staticKey, message, isKnown);
  return typeof noise === 'string' ? noise : { noise, timestamp: readTimestamp(noise.payload) };
}
