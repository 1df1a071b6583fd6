/**
 * Type 3: the server, under load, wants proof that the client receives at its address
 * (docs/protocol.md, "Cookie reply"; WireGuard paper §5.4.7).
 *
 * ```
 *  0     1      4          8        32                 64
 *  +-----+------+----------+--------+------------------+
 *  | 3   | zero | receiver | nonce  | encrypted cookie |
 *  +-----+------+----------+--------+------------------+
 * ```
 */
import { dropReasonOf, type DropReason } from '../drop-reason.js';
import { readU32, writeU32 } from '../integers.js';
import { writeField } from './field.js';
import { COOKIE_REPLY_BYTES, PACKET, packetType, writePacketType } from './packet-type.js';

/** Where the fields are in a cookie reply. */
export const COOKIE_REPLY_OFFSET = { receiverIndex: 4, nonce: 8, encryptedCookie: 32 } as const;

/** A cookie reply as an object. */
export interface CookieReply {
  /** The sender index of the packet that is answered. */
  readonly receiverIndex: number;
  /** 24 random bytes. */
  readonly nonce: Uint8Array;
  /** A cookie of 16 bytes and a tag of 16. */
  readonly encryptedCookie: Uint8Array;
}

/** The receiver index of the cookie reply at `offset`, which packetType has let pass. */
export function cookieReplyReceiverIndex(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + COOKIE_REPLY_OFFSET.receiverIndex);
}

/**
 * Writes type, zeros and receiver index; the other fields are written at their {@link
 * COOKIE_REPLY_OFFSET}. Throws a RangeError if the packet has no room.
 */
export function encodeCookieReplyHeader(bytes: Uint8Array, offset: number, receiverIndex: number): void {
  writePacketType(bytes, offset, PACKET.cookieReply, COOKIE_REPLY_BYTES);
  writeU32(bytes, offset + COOKIE_REPLY_OFFSET.receiverIndex, receiverIndex);
}

/** The cookie reply as new bytes. Throws a RangeError if a field is not of its length. */
export function encodeCookieReply(reply: CookieReply): Uint8Array {
  const bytes = new Uint8Array(COOKIE_REPLY_BYTES);
  encodeCookieReplyHeader(bytes, 0, reply.receiverIndex);
  writeField(bytes, COOKIE_REPLY_OFFSET.nonce, COOKIE_REPLY_OFFSET.encryptedCookie, reply.nonce);
  writeField(bytes, COOKIE_REPLY_OFFSET.encryptedCookie, COOKIE_REPLY_BYTES, reply.encryptedCookie);
  return bytes;
}

/** The cookie reply that fills `bytes`, its fields being views of them, or why it is none. */
export function decodeCookieReply(bytes: Uint8Array): CookieReply | DropReason {
  const type = packetType(bytes, 0, bytes.length);
  if (type < 0) return dropReasonOf(type);
  if (type !== PACKET.cookieReply) return 'unknown-type';
  return {
    receiverIndex: cookieReplyReceiverIndex(bytes, 0),
    nonce: bytes.subarray(COOKIE_REPLY_OFFSET.nonce, COOKIE_REPLY_OFFSET.encryptedCookie),
    encryptedCookie: bytes.subarray(COOKIE_REPLY_OFFSET.encryptedCookie, COOKIE_REPLY_BYTES),
  };
}
