/**
 * The first bytes of every packet between client and server (docs/protocol.md, "Packets"). Types 1
 * to 4 are laid out as WireGuard's.
 *
 * ```
 *  0        1                 4
 *  +--------+-----------------+------ …
 *  | type   | zero            |
 *  +--------+-----------------+------ …
 * ```
 */
import { DROP } from '../drop-reason.js';
import { readU16, readU32, readU8, writeU16 } from '../integers.js';

/** The numbers of the packet types. */
export const PACKET = { initiation: 1, response: 2, cookieReply: 3, transport: 4, notice: 5 } as const;

/** The number of a packet type. */
export type PacketType = (typeof PACKET)[keyof typeof PACKET];

/** Bytes of a handshake initiation. */
export const INITIATION_BYTES = 148;
/** Bytes of a handshake response. */
export const RESPONSE_BYTES = 92;
/** Bytes of a cookie reply. */
export const COOKIE_REPLY_BYTES = 64;
/** Bytes of a transport packet before the encrypted frames. */
export const TRANSPORT_HEADER_BYTES = 16;
/** Bytes of the authentication tag behind the encrypted frames. */
export const AEAD_TAG_BYTES = 16;
/** Bytes of the shortest transport packet: no frames, a keepalive. */
export const MIN_TRANSPORT_BYTES = TRANSPORT_HEADER_BYTES + AEAD_TAG_BYTES;
/** Bytes of a notice: less than an initiation, so that an answer to one is always the smaller. */
export const NOTICE_BYTES = 64;
/** Counters of transport packets are below this, so that a number holds them exactly. */
export const COUNTER_LIMIT = 2 ** 53;

const OFFSET_RESERVED = 1;
const OFFSET_COUNTER_HIGH = 12;
const TYPE_BYTES = 4;

/**
 * The type of the packet in the `length` bytes at `offset`: one of {@link PACKET}, or a drop code:
 * truncated, trailing-bytes, unknown-type, reserved-bits, bad-value (a counter at or beyond {@link
 * COUNTER_LIMIT}). A packet that passes has the length of its type, so that its fields may be read
 * by offset. Nothing is authenticated yet.
 */
export function packetType(bytes: Uint8Array, offset: number, length: number): number {
  if (length < TYPE_BYTES) return DROP.truncated;
  const type = readU8(bytes, offset);
  const hasZeros = readU8(bytes, offset + OFFSET_RESERVED) === 0 && readU16(bytes, offset + OFFSET_RESERVED + 1) === 0;
  switch (type) {
    case PACKET.transport:
      if (!hasZeros) return DROP.reservedBits;
      if (length < MIN_TRANSPORT_BYTES) return DROP.truncated;
      return readU32(bytes, offset + OFFSET_COUNTER_HIGH) < COUNTER_LIMIT / 2 ** 32 ? type : DROP.badValue;
    case PACKET.initiation:
      return ofLength(type, hasZeros, length, INITIATION_BYTES);
    case PACKET.response:
      return ofLength(type, hasZeros, length, RESPONSE_BYTES);
    case PACKET.cookieReply:
      return ofLength(type, hasZeros, length, COOKIE_REPLY_BYTES);
    case PACKET.notice:
      return ofLength(type, hasZeros, length, NOTICE_BYTES);
    default:
      return DROP.unknownType;
  }
}

/**
 * Writes the type and the reserved zeros. Throws a RangeError if a packet of `packetBytes` has no
 * room.
 */
export function writePacketType(bytes: Uint8Array, offset: number, type: PacketType, packetBytes: number): void {
  if (offset + packetBytes > bytes.length) throw new RangeError('no room for the packet');
  bytes[offset] = type;
  bytes[offset + OFFSET_RESERVED] = 0;
  writeU16(bytes, offset + OFFSET_RESERVED + 1, 0);
}

function ofLength(type: number, hasZeros: boolean, length: number, wanted: number): number {
  if (!hasZeros) return DROP.reservedBits;
  if (length < wanted) return DROP.truncated;
  return length > wanted ? DROP.trailingBytes : type;
}
