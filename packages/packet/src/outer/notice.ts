/**
 * Type 5: what the server tells a client outside of any session (docs/protocol.md, "Notice").
 *
 * ```
 *  0     1      4          8        32                 64
 *  +-----+------+----------+--------+------------------+
 *  | 5   | zero | receiver | nonce  | sealed notice    |
 *  +-----+------+----------+--------+------------------+
 *
 *  sealed:      0      1      4                 16
 *               +------+------+-----------------+
 *               | kind | zero | timestamp       |
 *               +------+------+-----------------+
 * ```
 */
import { DROP, dropReasonOf, type DropReason } from '../drop-reason.js';
import { readU16, readU32, readU8, writeU32 } from '../integers.js';
import { writeField } from './field.js';
import { NOTICE_BYTES, PACKET, packetType, writePacketType } from './packet-type.js';

/** Where the fields are in a notice. */
export const NOTICE_OFFSET = { receiverIndex: 4, nonce: 8, sealedNotice: 32 } as const;
/** Where the fields are in what a notice seals. */
export const NOTICE_CONTENT_OFFSET = { kind: 0, zero: 1, timestamp: 4 } as const;
/** Bytes of what a notice seals, before its tag. */
export const NOTICE_CONTENT_BYTES = 16;

/** The kinds of notices. */
export const NOTICE = { wake: 1, stale: 2, ahead: 3, noSession: 4 } as const;

/** A notice as an object. */
export interface Notice {
  /** The sender index of the initiation that is answered; 0 in a wake. */
  readonly receiverIndex: number;
  /** 24 random bytes. */
  readonly nonce: Uint8Array;
  /** The content of 16 bytes and a tag of 16. */
  readonly sealedNotice: Uint8Array;
}

/** The receiver index of the notice at `offset`, which packetType has let pass. */
export function noticeReceiverIndex(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + NOTICE_OFFSET.receiverIndex);
}

/**
 * Writes type, zeros and receiver index; the other fields are written at their {@link
 * NOTICE_OFFSET}. Throws a RangeError if the packet has no room.
 */
export function encodeNoticeHeader(bytes: Uint8Array, offset: number, receiverIndex: number): void {
  writePacketType(bytes, offset, PACKET.notice, NOTICE_BYTES);
  writeU32(bytes, offset + NOTICE_OFFSET.receiverIndex, receiverIndex);
}

/** The notice as new bytes. Throws a RangeError if a field is not of its length. */
export function encodeNotice(notice: Notice): Uint8Array {
  const bytes = new Uint8Array(NOTICE_BYTES);
  encodeNoticeHeader(bytes, 0, notice.receiverIndex);
  writeField(bytes, NOTICE_OFFSET.nonce, NOTICE_OFFSET.sealedNotice, notice.nonce);
  writeField(bytes, NOTICE_OFFSET.sealedNotice, NOTICE_BYTES, notice.sealedNotice);
  return bytes;
}

/** The notice that fills `bytes`, its fields being views of them, or why it is none. */
export function decodeNotice(bytes: Uint8Array): Notice | DropReason {
  const type = packetType(bytes, 0, bytes.length);
  if (type < 0) return dropReasonOf(type);
  if (type !== PACKET.notice) return 'unknown-type';
  return {
    receiverIndex: noticeReceiverIndex(bytes, 0),
    nonce: bytes.subarray(NOTICE_OFFSET.nonce, NOTICE_OFFSET.sealedNotice),
    sealedNotice: bytes.subarray(NOTICE_OFFSET.sealedNotice, NOTICE_BYTES),
  };
}

/**
 * What a notice seals, as new bytes: its kind, one of {@link NOTICE}, and a timestamp. Throws a
 * RangeError if the timestamp has not 12 bytes.
 */
export function encodeNoticeContent(kind: number, timestamp: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(NOTICE_CONTENT_BYTES);
  bytes[NOTICE_CONTENT_OFFSET.kind] = kind;
  writeField(bytes, NOTICE_CONTENT_OFFSET.timestamp, NOTICE_CONTENT_BYTES, timestamp);
  return bytes;
}

/**
 * The kind in the opened content of a notice, one of {@link NOTICE}; or a drop code: truncated,
 * trailing-bytes, reserved-bits, bad-value (no such kind). Its timestamp is at {@link
 * NOTICE_CONTENT_OFFSET}.
 */
export function noticeKind(content: Uint8Array): number {
  if (content.length !== NOTICE_CONTENT_BYTES)
    return content.length < NOTICE_CONTENT_BYTES ? DROP.truncated : DROP.trailingBytes;
  const { kind, zero } = NOTICE_CONTENT_OFFSET;
  if (readU8(content, zero) !== 0 || readU16(content, zero + 1) !== 0) return DROP.reservedBits;
  const number = readU8(content, kind);
  return number >= NOTICE.wake && number <= NOTICE.noSession ? number : DROP.badValue;
}
