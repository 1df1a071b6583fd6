/**
 * Frames: what a transport packet holds inside its encryption (docs/protocol.md, "Frames"). One or
 * more, one behind the other.
 *
 * ```
 *  0        1                0        1                 3
 *  +--------+---------- …    +--------+-----------------+-------- …
 *  |0  type | body …         |1  type | length          | body …
 *  +--------+---------- …    +--------+-----------------+-------- …
 *  the last frame: its       any frame: `length` (16 bits) counts
 *  body ends the packet      the bytes of its body
 * ```
 */
import { DROP } from '../drop-reason.js';
import { MAX_U16, readU16, readU8, writeU16 } from '../integers.js';

/** The numbers of the frame types. */
export const FRAME = {
  padding: 0x00,
  compact: 0x01,
  addressed: 0x02,
  fragment: 0x03,
  extended: 0x04,
  flowAcknowledge: 0x08,
  flowClose: 0x09,
  flowUnknown: 0x0a,
  flowSettings: 0x0b,
  ping: 0x10,
  pong: 0x11,
  report: 0x12,
  parameters: 0x18,
  close: 0x19,
  request: 0x20,
  answer: 0x21,
} as const;

/** The number of a known frame type. */
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

/** Bit of the first byte: a 16-bit length follows. */
export const FLAG_SIZED = 0x80;
/** Unknown types from here to 0x7f are skipped; all other unknown types close the session. */
export const FIRST_SKIPPABLE_FRAME = 0x60;
/** Bytes before the body of a frame that ends its packet. */
export const LAST_FRAME_HEADER_BYTES = 1;
/** Bytes before the body of a frame with a length. */
export const SIZED_FRAME_HEADER_BYTES = 3;

/** Bytes of the length: how much farther the body of a frame with a length begins. */
export const SIZE_BYTES = SIZED_FRAME_HEADER_BYTES - LAST_FRAME_HEADER_BYTES;

/** The least and the most bytes of the body of each type. */
const BODY_BYTES: Record<FrameType, readonly [least: number, most: number]> = {
  [FRAME.padding]: [0, Infinity],
  [FRAME.compact]: [4, Infinity],
  [FRAME.addressed]: [4, Infinity],
  [FRAME.fragment]: [10, Infinity],
  [FRAME.extended]: [5, Infinity],
  [FRAME.flowAcknowledge]: [4, 4],
  [FRAME.flowClose]: [5, 5],
  [FRAME.flowUnknown]: [4, 4],
  [FRAME.flowSettings]: [4, Infinity],
  [FRAME.ping]: [16, 16],
  [FRAME.pong]: [38, 38],
  [FRAME.report]: [28, 28],
  [FRAME.parameters]: [1, Infinity],
  [FRAME.close]: [1, 1],
  [FRAME.request]: [5, Infinity],
  [FRAME.answer]: [6, Infinity],
};
const UNKNOWN = -1;
const leastBodyBytes = new Int32Array(FLAG_SIZED).fill(UNKNOWN);
const mostBodyBytes = new Int32Array(FLAG_SIZED).fill(0x7fff_ffff);
for (const [type, [least, most]] of Object.entries(BODY_BYTES)) {
  leastBodyBytes[Number(type)] = least;
  mostBodyBytes[Number(type)] = Math.min(most, 0x7fff_ffff);
}

/** The type of the frame at `offset`: one of {@link FRAME}, or an unknown number from 0 to 0x7f. */
export function frameType(bytes: Uint8Array, offset: number): number {
  return readU8(bytes, offset) & ~FLAG_SIZED;
}

/**
 * Where the next frame begins: at or before `end`, which is the end of the frames of this packet;
 * `end` itself says that this was the last. Or a drop code: truncated, trailing-bytes,
 * unknown-frame. A frame that passes has as many bytes as its type needs. Skippable unknown frames
 * pass.
 */
export function nextFrame(bytes: Uint8Array, offset: number, end: number): number {
  if (offset + LAST_FRAME_HEADER_BYTES > end) return DROP.truncated;
  const first = readU8(bytes, offset);
  let body = offset + LAST_FRAME_HEADER_BYTES;
  let next = end;
  if (first >= FLAG_SIZED) {
    body = offset + SIZED_FRAME_HEADER_BYTES;
    if (body > end) return DROP.truncated;
    next = body + readU16(bytes, offset + 1);
    if (next > end) return DROP.truncated;
  }
  const type = first & ~FLAG_SIZED;
  const least = leastBodyBytes[type] ?? UNKNOWN;
  if (least === UNKNOWN && type < FIRST_SKIPPABLE_FRAME) return DROP.unknownFrame;
  if (next - body < least) return DROP.truncated;
  if (next - body > (mostBodyBytes[type] ?? 0)) return DROP.trailingBytes;
  return next;
}

/** Where the body of the frame at `offset` begins. */
export function frameBodyOffset(bytes: Uint8Array, offset: number): number {
  return offset + (readU8(bytes, offset) < FLAG_SIZED ? LAST_FRAME_HEADER_BYTES : SIZED_FRAME_HEADER_BYTES);
}

/** As {@link nextFrame}, and unknown-frame if the frame is of another type. */
export function frameEnd(bytes: Uint8Array, offset: number, end: number, type: FrameType): number {
  const next = nextFrame(bytes, offset, end);
  return next >= 0 && frameType(bytes, offset) !== type ? DROP.unknownFrame : next;
}

/**
 * Writes the header of a frame with a length. Returns the offset of its body. Throws a RangeError
 * if there is no room for the body, or it is longer than 65,535 bytes.
 */
export function encodeSizedFrameHeader(bytes: Uint8Array, offset: number, type: number, bodyLength: number): number {
  const body = offset + SIZED_FRAME_HEADER_BYTES;
  if (bodyLength > MAX_U16) throw new RangeError('the frame is too long');
  if (body + bodyLength > bytes.length) throw new RangeError('no room for the frame');
  bytes[offset] = type | FLAG_SIZED;
  writeU16(bytes, offset + 1, bodyLength);
  return body;
}

/**
 * Writes the header of the last frame of a packet. Returns the offset of its body. Throws a
 * RangeError if `bodyLength` bytes have no room.
 */
export function encodeLastFrameHeader(bytes: Uint8Array, offset: number, type: number, bodyLength: number): number {
  const body = offset + LAST_FRAME_HEADER_BYTES;
  if (body + bodyLength > bytes.length) throw new RangeError('no room for the frame');
  bytes[offset] = type;
  return body;
}

/**
 * Turns the frame that was written at `offset` + {@link SIZE_BYTES} in the form that ends a packet,
 * up to `end`, into a frame with a length at `offset`, so that another can follow it at `end`; the
 * body stays where it is. Throws a RangeError if the body is longer than 65,535 bytes.
 */
export function sizeFrame(bytes: Uint8Array, offset: number, end: number): void {
  encodeSizedFrameHeader(bytes, offset, frameType(bytes, offset + SIZE_BYTES), end - offset - SIZED_FRAME_HEADER_BYTES);
}
