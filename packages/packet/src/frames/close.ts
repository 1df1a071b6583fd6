/**
 * The end of a session (docs/protocol.md, "Close"): one byte, the reason. It has no answer: a peer
 * that misses it learns of the end by a notice.
 */
import { readU8 } from '../integers.js';
import { encodeSizedFrameHeader, FRAME, frameBodyOffset, frameEnd } from './frame.js';

/** Why a session ends. A receiver treats a number that it does not know as `closed`. */
export const CLOSE = {
  closed: 0,
  shutdown: 1,
  protocolError: 2,
  version: 3,
  revoked: 4,
  expired: 5,
  kicked: 6,
  idle: 7,
  limit: 8,
  replaced: 9,
} as const;

/** The fields that {@link decodeClose} fills in; make one and reuse it. */
export class CloseFields {
  /** One of {@link CLOSE}, or a number that this version does not know. */
  reason = 0;
}

/** Returns the offset after the frame. Throws a RangeError if there is no room. */
export function encodeClose(bytes: Uint8Array, offset: number, reason: number): number {
  const body = encodeSizedFrameHeader(bytes, offset, FRAME.close, 1);
  bytes[body] = reason;
  return body + 1;
}

/** Returns the offset after the frame, or a drop code as {@link nextFrame} does. */
export function decodeClose(bytes: Uint8Array, offset: number, end: number, into: CloseFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.close);
  if (next >= 0) into.reason = readU8(bytes, frameBodyOffset(bytes, offset));
  return next;
}
