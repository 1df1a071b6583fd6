/**
 * Type 5: the receiver index of a transport packet is not known here (docs/protocol.md, "Reset";
 * after RFC 9000 §10.3).
 *
 * ```
 *  0     1      4                8               24
 *  +-----+------+----------------+---------------+
 *  | 5   | zero | unknown index  | token         |
 *  +-----+------+----------------+---------------+
 * ```
 */
import { dropReasonOf, type DropReason } from '../drop-reason.js';
import { RESET_TOKEN_BYTES } from '../frames/parameters.js';
import { readU32, writeU32, copyBytes } from '../integers.js';
import { PACKET, packetType, RESET_BYTES, writePacketType } from './packet-type.js';

/** Where the fields are in a reset. */
export const RESET_OFFSET = { unknownIndex: 4, token: 8 } as const;

/** A reset as an object. */
export interface Reset {
  /** The receiver index that the transport packet carried. */
  readonly unknownIndex: number;
  /** 16 bytes. */
  readonly token: Uint8Array;
}

/** The index that is not known, of the reset at `offset`, which packetType has let pass. */
export function resetUnknownIndex(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + RESET_OFFSET.unknownIndex);
}

/**
 * Writes a reset with the 16 bytes of `token` at `tokenOffset`. Returns the offset after it. Throws
 * a RangeError if it has no room.
 */
export function encodeReset(
  bytes: Uint8Array,
  offset: number,
  unknownIndex: number,
  token: Uint8Array,
  tokenOffset: number,
): number {
  writePacketType(bytes, offset, PACKET.reset, RESET_BYTES);
  writeU32(bytes, offset + RESET_OFFSET.unknownIndex, unknownIndex);
  copyBytes(token, tokenOffset, bytes, offset + RESET_OFFSET.token, RESET_TOKEN_BYTES);
  return offset + RESET_BYTES;
}

/** The reset that fills `bytes`, its token being a view of them, or why it is none. */
export function decodeReset(bytes: Uint8Array): Reset | DropReason {
  const type = packetType(bytes, 0, bytes.length);
  if (type < 0) return dropReasonOf(type);
  if (type !== PACKET.reset) return 'unknown-type';
  return { unknownIndex: resetUnknownIndex(bytes, 0), token: bytes.subarray(RESET_OFFSET.token, RESET_BYTES) };
}
