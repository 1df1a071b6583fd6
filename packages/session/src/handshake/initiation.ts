/**
 * The first message of the handshake as a packet: docs/protocol.md, "Handshake"; WireGuard's paper,
 * §5.4.2.
 */
import { encodeInitiationHeader, INITIATION_OFFSET } from '@relay/packet';
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
  readonly senderIndex: number;
  /** mac1 of the packet: what a cookie reply to it is bound to. */
  readonly mac1: Uint8Array;
  readonly noise: InitiatorState;
}

/** What the initiator chooses anew for each initiation. */
export interface InitiationChoices {
  readonly ephemeral: PrivateKey;
  readonly senderIndex: number;
  readonly timestamp: bigint;
  readonly cookie: Uint8Array | undefined;
}

/**
 * Writes an initiation into `packet` (148 bytes). Throws an Error if the server's public key is a
 * point of low order: no honest peer has one.
 */
export function writeInitiation(
  identity: Identity,
  server: ServerIdentity,
  { ephemeral, senderIndex, timestamp, cookie }: InitiationChoices,
  packet: Uint8Array,
): Initiation {
  const noise = initiate(identity.suite, identity.staticKey, ephemeral, server.publicKey, writeTimestamp(timestamp));
  if (noise === undefined) throw new Error('the public key of the server is not a usable key');
  encodeInitiationHeader(packet, 0, senderIndex);
  packet.set(noise.message.ephemeral, INITIATION_OFFSET.ephemeral);
  packet.set(noise.message.sealedStatic, INITIATION_OFFSET.encryptedStatic);
  packet.set(noise.message.sealedPayload, INITIATION_OFFSET.encryptedTimestamp);
  writeMacs(packet, INITIATION_OFFSET.mac1, server.mac1, cookie);
  return { senderIndex, mac1: packet.slice(INITIATION_OFFSET.mac1, INITIATION_OFFSET.mac2), noise };
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
