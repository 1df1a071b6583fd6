/**
 * Type 1: a client begins a handshake (docs/protocol.md, "Handshake initiation"; WireGuard paper
 * §5.4.2).
 *
 * ```
 *  0     1      4         8           40                 88                    116    132    148
 *  +-----+------+---------+-----------+------------------+---------------------+------+------+
 *  | 1   | zero | sender  | ephemeral | encrypted static | encrypted timestamp | mac1 | mac2 |
 *  +-----+------+---------+-----------+------------------+---------------------+------+------+
 * ```
 */
import { dropReasonOf, type DropReason } from '../drop-reason.js';
import { readU32, writeU32 } from '../integers.js';
import { writeField } from './field.js';
import { INITIATION_BYTES, PACKET, packetType, writePacketType } from './packet-type.js';

/** Where the fields are in a handshake initiation. */
export const INITIATION_OFFSET = {
  senderIndex: 4,
  ephemeral: 8,
  encryptedStatic: 40,
  encryptedTimestamp: 88,
  mac1: 116,
  mac2: 132,
} as const;

/** A handshake initiation as an object. */
export interface HandshakeInitiation {
  /** 0 to 2^32 - 1: what the server writes in its packets to this client. */
  readonly senderIndex: number;
  /** 32 bytes. */
  readonly ephemeral: Uint8Array;
  /** 32 bytes and a tag of 16. */
  readonly encryptedStatic: Uint8Array;
  /** TAI64N, 12 bytes, and a tag of 16. */
  readonly encryptedTimestamp: Uint8Array;
  /** 16 bytes. */
  readonly mac1: Uint8Array;
  /** 16 bytes; zeros without a cookie. */
  readonly mac2: Uint8Array;
}

/** The sender index of the initiation at `offset`, which packetType has let pass. */
export function initiationSenderIndex(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + INITIATION_OFFSET.senderIndex);
}

/**
 * Writes type, zeros and sender index; the other fields are written at their {@link
 * INITIATION_OFFSET}. Throws a RangeError if the packet has no room.
 */
export function encodeInitiationHeader(bytes: Uint8Array, offset: number, senderIndex: number): void {
  writePacketType(bytes, offset, PACKET.initiation, INITIATION_BYTES);
  writeU32(bytes, offset + INITIATION_OFFSET.senderIndex, senderIndex);
}

/** The initiation as new bytes. Throws a RangeError if a field is not of its length. */
export function encodeInitiation(initiation: HandshakeInitiation): Uint8Array {
  const bytes = new Uint8Array(INITIATION_BYTES);
  encodeInitiationHeader(bytes, 0, initiation.senderIndex);
  writeField(bytes, INITIATION_OFFSET.ephemeral, INITIATION_OFFSET.encryptedStatic, initiation.ephemeral);
  writeField(
    bytes,
    INITIATION_OFFSET.encryptedStatic,
    INITIATION_OFFSET.encryptedTimestamp,
    initiation.encryptedStatic,
  );
  writeField(bytes, INITIATION_OFFSET.encryptedTimestamp, INITIATION_OFFSET.mac1, initiation.encryptedTimestamp);
  writeField(bytes, INITIATION_OFFSET.mac1, INITIATION_OFFSET.mac2, initiation.mac1);
  writeField(bytes, INITIATION_OFFSET.mac2, INITIATION_BYTES, initiation.mac2);
  return bytes;
}

/** The initiation that fills `bytes`, its fields being views of them, or why it is none. */
export function decodeInitiation(bytes: Uint8Array): HandshakeInitiation | DropReason {
  const type = packetType(bytes, 0, bytes.length);
  if (type < 0) return dropReasonOf(type);
  if (type !== PACKET.initiation) return 'unknown-type';
  return {
    senderIndex: initiationSenderIndex(bytes, 0),
    ephemeral: bytes.subarray(INITIATION_OFFSET.ephemeral, INITIATION_OFFSET.encryptedStatic),
    encryptedStatic: bytes.subarray(INITIATION_OFFSET.encryptedStatic, INITIATION_OFFSET.encryptedTimestamp),
    encryptedTimestamp: bytes.subarray(INITIATION_OFFSET.encryptedTimestamp, INITIATION_OFFSET.mac1),
    mac1: bytes.subarray(INITIATION_OFFSET.mac1, INITIATION_OFFSET.mac2),
    mac2: bytes.subarray(INITIATION_OFFSET.mac2, INITIATION_BYTES),
  };
}
