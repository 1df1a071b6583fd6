/**
 * The second message of the handshake as a packet: docs/protocol.md, "Handshake"; WireGuard's
 * paper, §5.4.3.
 */
import { encodeResponseHeader, PACKET, RESPONSE_OFFSET } from '@relay/packet';
import type { PrivateKey } from '../crypto/primitives.js';
import type { Identity } from './identity.js';
import { Mac1, writeMacs } from './macs.js';
import type { InitiatorState, ResponderState } from './noise-ik.js';
import type { SplitKeys } from './symmetric-state.js';

const NOTHING = new Uint8Array(0);

/** The index of the responder, who sends the response, and that of the initiator. */
export interface ResponseIndices {
  readonly localIndex: number;
  readonly peerIndex: number;
}

/**
 * Writes the response to an initiation into `packet` (92 bytes), and gives the keys. Undefined if a
 * key of the peer is a point of low order.
 */
export function writeResponse(
  { protocol }: Identity,
  noise: ResponderState,
  ephemeral: PrivateKey,
  { localIndex, peerIndex }: ResponseIndices,
  packet: Uint8Array,
): SplitKeys | undefined {
  const response = noise.respond(ephemeral, NOTHING);
  if (response === undefined) return undefined;
  encodeResponseHeader(packet, 0, localIndex, peerIndex);
  packet.set(response.message.ephemeral, RESPONSE_OFFSET.ephemeral);
  packet.set(response.message.sealedPayload, RESPONSE_OFFSET.encryptedNothing);
  writeMacs(packet, RESPONSE_OFFSET.mac1, new Mac1(protocol, noise.initiator, PACKET.response), undefined);
  return response.keys;
}

/**
 * Reads the response at `bytes[offset]`, whose mac1 was checked. Undefined if it is not authentic.
 */
export function readResponse(noise: InitiatorState, bytes: Uint8Array, offset: number): SplitKeys | undefined {
  const { ephemeral, encryptedNothing, mac1 } = RESPONSE_OFFSET;
  return noise.finish({
    ephemeral: bytes.slice(offset + ephemeral, offset + encryptedNothing),
    sealedPayload: bytes.subarray(offset + encryptedNothing, offset + mac1),
  })?.keys;
}
