/**
 * Ping and pong (docs/protocol.md, "Ping and pong"): round-trip time, path validation, and the
 * peer's address as seen from here.
 *
 * ```
 *  ping:  0          8          16
 *         +----------+----------+
 *         | token    | time     |
 *         +----------+----------+
 *
 *  pong:  0          8          16      20                36     38
 *         +----------+----------+-------+-----------------+------+
 *         | token    | time     | delay | address         | port |
 *         +----------+----------+-------+-----------------+------+
 * ```
 *
 * The token is 8 unpredictable bytes: only a peer that received the packet can return it, so it is
 * the path challenge too (RFC 9000 §8.2).
 */
import { DROP } from '../drop-reason.js';
import { OFFSET_PACKED_ZERO, PACKED_ENDPOINT_BYTES } from '../endpoint/packed-endpoint.js';
import { copyBytes, MAX_U32, readU32, readU64, writeU32, writeU64 } from '../integers.js';
import { encodeSizedFrameHeader, FRAME, frameBodyOffset, frameEnd } from './frame.js';

/** Bytes of the token of a ping. */
export const PING_TOKEN_BYTES = 8;

const OFFSET_TOKEN = 0;
const OFFSET_TIME = OFFSET_TOKEN + PING_TOKEN_BYTES;
const PING_BYTES = OFFSET_TIME + 8;
const OFFSET_DELAY = PING_BYTES;
const OFFSET_OBSERVED = OFFSET_DELAY + 4;
const OBSERVED_BYTES = OFFSET_PACKED_ZERO;
const PONG_BYTES = OFFSET_OBSERVED + OBSERVED_BYTES;

/** The content of a ping, which its pong repeats. */
export interface Ping {
  /** {@link PING_TOKEN_BYTES} bytes. */
  readonly token: Uint8Array;
  /** The sender's steady clock in microseconds, from any origin, below 2^53. */
  readonly timeUs: number;
}

/** The fields that {@link decodePing} fills in; make one and reuse it. */
export class PingFields implements Ping {
  readonly token = new Uint8Array(PING_TOKEN_BYTES);
  timeUs = 0;
}

/** The fields that {@link decodePong} fills in; make one and reuse it. */
export class PongFields extends PingFields {
  /** Microseconds between the arrival of the ping and the sending of the pong. */
  delayUs = 0;
  /** Packed endpoint: the source of the ping, as the sender of the pong saw it. Scope id 0. */
  readonly observed = new Uint8Array(PACKED_ENDPOINT_BYTES);
}

/**
 * `token` has 8 bytes at `tokenOffset`. Returns the offset after the frame. Throws a RangeError if
 * there is no room.
 */
export function encodePing(
  bytes: Uint8Array,
  offset: number,
  token: Uint8Array,
  tokenOffset: number,
  timeUs: number,
): number {
  const body = encodeSizedFrameHeader(bytes, offset, FRAME.ping, PING_BYTES);
  writePing(bytes, body, token, tokenOffset, timeUs);
  return body + PING_BYTES;
}

/**
 * Returns the offset after the frame, or a drop code: as {@link nextFrame}, and bad-value for a
 * time beyond 2^53.
 */
export function decodePing(bytes: Uint8Array, offset: number, end: number, into: PingFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.ping);
  return next < 0 ? next : readPing(bytes, frameBodyOffset(bytes, offset), next, into);
}

/**
 * Writes the answer to a ping: its token and time, how many microseconds the answer took (more than
 * 2^32 - 1 is written as that), and where the ping came from (packed endpoint). Returns the offset
 * after the frame. Throws a RangeError if there is no room.
 */
export function encodePong(
  bytes: Uint8Array,
  offset: number,
  ping: Ping,
  delayUs: number,
  observed: Uint8Array,
): number {
  const body = encodeSizedFrameHeader(bytes, offset, FRAME.pong, PONG_BYTES);
  writePing(bytes, body, ping.token, 0, ping.timeUs);
  writeU32(bytes, body + OFFSET_DELAY, Math.min(delayUs, MAX_U32));
  copyBytes(observed, 0, bytes, body + OFFSET_OBSERVED, OBSERVED_BYTES);
  return body + PONG_BYTES;
}

/**
 * Returns the offset after the frame, or a drop code: as {@link nextFrame}, and bad-value for a
 * time beyond 2^53.
 */
export function decodePong(bytes: Uint8Array, offset: number, end: number, into: PongFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.pong);
  if (next < 0) return next;
  const body = frameBodyOffset(bytes, offset);
  into.delayUs = readU32(bytes, body + OFFSET_DELAY);
  copyBytes(bytes, body + OFFSET_OBSERVED, into.observed, 0, OBSERVED_BYTES);
  into.observed.fill(0, OBSERVED_BYTES);
  return readPing(bytes, body, next, into);
}

function writePing(bytes: Uint8Array, body: number, token: Uint8Array, tokenOffset: number, timeUs: number): void {
  copyBytes(token, tokenOffset, bytes, body + OFFSET_TOKEN, PING_TOKEN_BYTES);
  writeU64(bytes, body + OFFSET_TIME, timeUs);
}

function readPing(bytes: Uint8Array, body: number, next: number, into: PingFields): number {
  const timeUs = readU64(bytes, body + OFFSET_TIME);
  if (timeUs > Number.MAX_SAFE_INTEGER) return DROP.badValue;
  into.timeUs = timeUs;
  copyBytes(bytes, body + OFFSET_TOKEN, into.token, 0, PING_TOKEN_BYTES);
  return next;
}
