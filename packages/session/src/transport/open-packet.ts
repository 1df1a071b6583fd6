import { AEAD_TAG_BYTES, DROP, transportCounter, TRANSPORT_HEADER_BYTES } from '@relay/packet';
import { REJECT_AFTER_MS } from '../protocol.js';
import type { TransportKeys } from './transport-keys.js';

/**
 * What {@link openPacket} returns for a packet that is authentic: it came after all others under
 * its keys, or later than one of them.
 */
export const OPENED_NEWEST = 1;
export const OPENED_LATE = 0;

/**
 * Opens the transport packet of `length` bytes at `offset` in place, once: the same packet again is
 * `replayed`. Its frames are then at `bytes[offset + 16 .. offset + length - 16]`. Or a drop code.
 */
export function openPacket(
  keys: TransportKeys<unknown>,
  bytes: Uint8Array,
  offset: number,
  length: number,
  nowMs: number,
): number {
  if (nowMs - keys.createdMs >= REJECT_AFTER_MS) return DROP.expiredKey;
  const counter = transportCounter(bytes, offset);
  const { window } = keys;
  if (!window.accepts(counter)) return DROP.replayed;
  const framesLength = length - TRANSPORT_HEADER_BYTES - AEAD_TAG_BYTES;
  if (!keys.opening.open(bytes, offset + TRANSPORT_HEADER_BYTES, framesLength, counter))
    return DROP.authenticationFailed;
  const isNewest = counter > window.highest;
  window.mark(counter);
  return isNewest ? OPENED_NEWEST : OPENED_LATE;
}
