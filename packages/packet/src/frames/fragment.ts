/**
 * A piece of a datagram frame that is too large for one packet (docs/protocol.md, "Fragment").
 *
 * ```
 *  0        4        8       9       10
 *  +--------+--------+-------+-------+---------- …
 *  | id     | total  | index | count | piece …
 *  +--------+--------+-------+-------+---------- …
 * ```
 *
 * The sender splits a whole datagram frame (compact, extended or addressed) of `total` bytes, in
 * the form that ends a packet. `total` and `count` determine where each piece begins and how long
 * it is, so pieces can neither overlap nor leave gaps.
 */
import { DROP } from '../drop-reason.js';
import { readU32, readU8, writeU32 } from '../integers.js';
import { MAX_PAYLOAD_BYTES } from '../udp-packet/udp-packet-header.js';
import { MAX_ADDRESSED_HEADER_BYTES } from './addressed.js';
import { encodeLastFrameHeader, FRAME, frameBodyOffset, frameEnd, LAST_FRAME_HEADER_BYTES } from './frame.js';

const OFFSET_ID = 0;
const OFFSET_TOTAL = 4;
const OFFSET_INDEX = 8;
const OFFSET_COUNT = 9;
const OFFSET_PIECE = 10;

/** Bytes before the piece, in the form that ends a packet. */
export const FRAGMENT_HEADER_BYTES = LAST_FRAME_HEADER_BYTES + OFFSET_PIECE;
/** The most pieces of one frame. */
export const MAX_FRAGMENTS = 255;
/** The largest frame that may be split: an addressed datagram of the largest payload. */
export const MAX_FRAGMENTED_BYTES = MAX_ADDRESSED_HEADER_BYTES + MAX_PAYLOAD_BYTES;

/** The header before the piece. */
export interface FragmentHeader {
  /** Which frame of this sender; unique among those under way. */
  readonly id: number;
  /** Bytes of the whole frame. */
  readonly total: number;
  /** Which piece: 0 to `count` - 1. */
  readonly index: number;
  /** Pieces of the frame, 2 to {@link MAX_FRAGMENTS}. */
  readonly count: number;
}

/** The fields that {@link decodeFragment} fills in; make one and reuse it. */
export class FragmentFields implements FragmentHeader {
  id = 0;
  total = 0;
  index = 0;
  count = 0;
  /** Where the piece is in the bytes that were decoded. */
  pieceOffset = 0;
  pieceLength = 0;
}

/**
 * How many pieces of at most `maxPieceBytes` a frame of `total` bytes needs, or a drop code:
 * too-large, if more than {@link MAX_FRAGMENTS}.
 */
export function fragmentCount(total: number, maxPieceBytes: number): number {
  const count = Math.ceil(total / maxPieceBytes);
  return total <= MAX_FRAGMENTED_BYTES && count <= MAX_FRAGMENTS ? count : DROP.tooLarge;
}

/**
 * Where piece `index` begins in its frame; for `index` = `count` the end of the frame. All pieces
 * but the last are of one length.
 */
export function fragmentStart(total: number, count: number, index: number): number {
  return Math.min(total, index * Math.ceil(total / count));
}

/**
 * Writes the header of a fragment that ends its packet; the piece goes to the offset returned.
 * Throws a RangeError if the piece has no room.
 */
export function encodeFragmentHeader(bytes: Uint8Array, offset: number, fragment: FragmentHeader): number {
  const { id, total, index, count } = fragment;
  const pieceLength = fragmentStart(total, count, index + 1) - fragmentStart(total, count, index);
  const body = encodeLastFrameHeader(bytes, offset, FRAME.fragment, OFFSET_PIECE + pieceLength);
  writeU32(bytes, body + OFFSET_ID, id);
  writeU32(bytes, body + OFFSET_TOTAL, total);
  bytes[body + OFFSET_INDEX] = index;
  bytes[body + OFFSET_COUNT] = count;
  return body + OFFSET_PIECE;
}

/**
 * Reads a fragment. Returns the offset after it, or a drop code: those of {@link nextFrame},
 * too-large, and bad-fragment (fewer than two pieces, no such piece, an empty piece, or not of the
 * length that `total` and `count` determine).
 */
export function decodeFragment(bytes: Uint8Array, offset: number, end: number, into: FragmentFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.fragment);
  if (next < 0) return next;
  const body = frameBodyOffset(bytes, offset);
  const total = readU32(bytes, body + OFFSET_TOTAL);
  const index = readU8(bytes, body + OFFSET_INDEX);
  const count = readU8(bytes, body + OFFSET_COUNT);
  if (total > MAX_FRAGMENTED_BYTES) return DROP.tooLarge;
  if (count < 2 || index >= count) return DROP.badFragment;
  const isLastPieceEmpty = fragmentStart(total, count, count - 1) >= total;
  const pieceLength = fragmentStart(total, count, index + 1) - fragmentStart(total, count, index);
  if (isLastPieceEmpty || next - body - OFFSET_PIECE !== pieceLength) return DROP.badFragment;
  into.id = readU32(bytes, body + OFFSET_ID);
  into.total = total;
  into.index = index;
  into.count = count;
  into.pieceOffset = body + OFFSET_PIECE;
  into.pieceLength = pieceLength;
  return next;
}
