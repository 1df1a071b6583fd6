/**
 * The second message of the handshake as a packet: docs/protocol.md, "Handshake"; WireGuard's
 * paper, §5.4.3.
 */
import { encodeResponseHeader, PACKET, RESPONSE_BYTES, RESPONSE_OFFSET } from '@relay/packet';
import type { PrivateKey } from '../crypto/primitives.js';
import type { Identity } from './identity.js';
import { Mac1, writeMacs } from './macs.js';
import type { InitiatorState, ResponderState } from './noise-ik.js';
import type { SplitKeys } from './symmetric-state.js';

const NOTHING = new Uint8Array(0);

/**
 * Writes the response to an initiation, and gives the keys. Undefined if a key of the peer is a
 * point of low order.
 */
export function writeResponse(
  { protocol }: Identity,
  noise: ResponderState,
  ephemeral: PrivateKey,
  senderIndex: number,
  receiverIndex: number,
): { readonly bytes: Uint8Array; readonly keys: SplitKeys } | undefined {
  const response = noise.respond(ephemeral, NOTHING);
  if (response === undefined) return undefined;
  const bytes = new Uint8Array(RESPONSE_BYTES);
  encodeResponseHeader(bytes, 0, senderIndex, receiverIndex);
  bytes.set(response.message.ephemeral, RESPONSE_OFFSET.ephemeral);
  bytes.set(response.message.sealedPayload, RESPONSE_OFFSET.encryptedNothing);
  writeMacs(bytes, RESPONSE_OFFSET.mac1, new Mac1(protocol, noise.initiator, PACKET.response), undefined);
  return { bytes, keys: response.keys };
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
