import { encodeTransportHeader, TRANSPORT_HEADER_BYTES } from '@relay/packet';
import type { TransportKeys } from './transport-keys.js';

/**
 * Seals a transport packet in place, under the next counter of its keys: its frames are
 * `bytes[offset + 16 .. offset + 16 + framesLength]`, the header goes before them, the tag behind.
 * The caller has looked at the age of the keys, and whether a counter is left.
 */
export function sealPacket(
  keys: TransportKeys<unknown>,
  bytes: Uint8Array,
  offset: number,
  framesLength: number,
): void {
  const counter = keys.nextCounter++;
  encodeTransportHeader(bytes, offset, keys.peerIndex, counter);
  keys.sealing.seal(bytes, offset + TRANSPORT_HEADER_BYTES, framesLength, counter);
}
