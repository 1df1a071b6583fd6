/**
 * The packets that arrived here (docs/protocol.md, "Report"): from it the peer learns its loss,
 * jitter and round-trip time.
 *
 * ```
 *  0        4            12           20       24        28
 *  +--------+------------+------------+--------+---------+
 *  | index  | received   | highest    | jitter | rtt     |
 *  +--------+------------+------------+--------+---------+
 * ```
 */
import { DROP } from '../drop-reason.js';
import { MAX_U32, readU32, readU64, writeU32, writeU64 } from '../integers.js';
import { encodeSizedFrameHeader, FRAME, frameBodyOffset, frameEnd } from './frame.js';

const OFFSET_INDEX = 0;
const OFFSET_RECEIVED = 4;
const OFFSET_HIGHEST = 12;
const OFFSET_JITTER = 20;
const OFFSET_ROUND_TRIP = 24;
const REPORT_BYTES = 28;

/**
 * The fields of a report: given to {@link encodeReport}, filled in by {@link decodeReport}; make
 * one and reuse it.
 */
export class ReportFields {
  /** The receiver index that the counted packets carried: counters belong to one pair of keys. */
  index = 0;
  /** Packets that arrived under this index and were authentic and not replayed, below 2^53. */
  received = 0;
  /** The highest counter among them, below 2^53. */
  highest = 0;
  /** Interarrival jitter (RFC 3550 §6.4.1) in microseconds. */
  jitterUs = 0;
  /**
   * Smoothed round-trip time in microseconds as the sender of the report measures it; 0 if it does
   * not know yet.
   */
  roundTripUs = 0;
}

/** Returns the offset after the frame. Throws a RangeError if there is no room. */
export function encodeReport(bytes: Uint8Array, offset: number, report: Readonly<ReportFields>): number {
  const body = encodeSizedFrameHeader(bytes, offset, FRAME.report, REPORT_BYTES);
  writeU32(bytes, body + OFFSET_INDEX, report.index);
  writeU64(bytes, body + OFFSET_RECEIVED, report.received);
  writeU64(bytes, body + OFFSET_HIGHEST, report.highest);
  writeU32(bytes, body + OFFSET_JITTER, Math.min(report.jitterUs, MAX_U32));
  writeU32(bytes, body + OFFSET_ROUND_TRIP, Math.min(report.roundTripUs, MAX_U32));
  return body + REPORT_BYTES;
}

/**
 * Returns the offset after the frame, or a drop code: as {@link nextFrame}, and bad-value for
 * counts beyond 2^53.
 */
export function decodeReport(bytes: Uint8Array, offset: number, end: number, into: ReportFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.report);
  if (next < 0) return next;
  const body = frameBodyOffset(bytes, offset);
  const received = readU64(bytes, body + OFFSET_RECEIVED);
  const highest = readU64(bytes, body + OFFSET_HIGHEST);
  if (received > Number.MAX_SAFE_INTEGER || highest > Number.MAX_SAFE_INTEGER) return DROP.badValue;
  into.index = readU32(bytes, body + OFFSET_INDEX);
  into.received = received;
  into.highest = highest;
  into.jitterUs = readU32(bytes, body + OFFSET_JITTER);
  into.roundTripUs = readU32(bytes, body + OFFSET_ROUND_TRIP);
  return next;
}
