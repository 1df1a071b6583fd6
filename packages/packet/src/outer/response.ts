/**
 * Type 2: the server's answer to an initiation (docs/protocol.md, "Handshake response"; WireGuard
 * paper §5.4.3).
 *
 * ```
 *  0     1      4        8          12          44                  60     76     92
 *  +-----+------+--------+----------+-----------+-------------------+------+------+
 *  | 2   | zero | sender | receiver | ephemeral | encrypted nothing | mac1 | mac2 |
 *  +-----+------+--------+----------+-----------+-------------------+------+------+
 * ```
 */
import { dropReasonOf, type DropReason } from '../drop-reason.js';
import { readU32, writeU32 } from '../integers.js';
import { writeField } from './field.js';
import { PACKET, packetType, RESPONSE_BYTES, writePacketType } from './packet-type.js';

/** Where the fields are in a handshake response. */
export const RESPONSE_OFFSET = {
  senderIndex: 4,
  receiverIndex: 8,
  ephemeral: 12,
  encryptedNothing: 44,
  mac1: 60,
  mac2: 76,
} as const;

/** A handshake response as an object. */
export interface HandshakeResponse {
  /** 0 to 2^32 - 1: what the client writes in its packets to this server. */
  readonly senderIndex: number;
  /** The sender index of the initiation. */
  readonly receiverIndex: number;
  /** 32 bytes. */
  readonly ephemeral: Uint8Array;
  /** A tag of 16 bytes. */
  readonly encryptedNothing: Uint8Array;
  /** 16 bytes. */
  readonly mac1: Uint8Array;
  /** 16 bytes; zeros without a cookie. */
  readonly mac2: Uint8Array;
}

/** The sender index of the response at `offset`, which packetType has let pass. */
export function responseSenderIndex(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + RESPONSE_OFFSET.senderIndex);
}

/** The receiver index of the response at `offset`, which packetType has let pass. */
export function responseReceiverIndex(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + RESPONSE_OFFSET.receiverIndex);
}

/**
 * Writes type, zeros and indices; the other fields are written at their {@link RESPONSE_OFFSET}.
 * Throws a RangeError if the packet has no room.
 */
export function encodeResponseHeader(
  bytes: Uint8Array,
  offset: number,
  senderIndex: number,
  receiverIndex: number,
): void {
  writePacketType(bytes, offset, PACKET.response, RESPONSE_BYTES);
  writeU32(bytes, offset + RESPONSE_OFFSET.senderIndex, senderIndex);
  writeU32(bytes, offset + RESPONSE_OFFSET.receiverIndex, receiverIndex);
}

/** The response as new bytes. Throws a RangeError if a field is not of its length. */
export function encodeResponse(response: HandshakeResponse): Uint8Array {
  const bytes = new Uint8Array(RESPONSE_BYTES);
  encodeResponseHeader(bytes, 0, response.senderIndex, response.receiverIndex);
  writeField(bytes, RESPONSE_OFFSET.ephemeral, RESPONSE_OFFSET.encryptedNothing, response.ephemeral);
  writeField(bytes, RESPONSE_OFFSET.encryptedNothing, RESPONSE_OFFSET.mac1, response.encryptedNothing);
  writeField(bytes, RESPONSE_OFFSET.mac1, RESPONSE_OFFSET.mac2, response.mac1);
  writeField(bytes, RESPONSE_OFFSET.mac2, RESPONSE_BYTES, response.mac2);
  return bytes;
}

/** The response that fills `bytes`, its fields being views of them, or why it is none. */
export function decodeResponse(bytes: Uint8Array): HandshakeResponse | DropReason {
  const type = packetType(bytes, 0, bytes.length);
  if (type < 0) return dropReasonOf(type);
  if (type !== PACKET.response) return 'unknown-type';
  return {
    senderIndex: responseSenderIndex(bytes, 0),
    receiverIndex: responseReceiverIndex(bytes, 0),
    ephemeral: bytes.subarray(RESPONSE_OFFSET.ephemeral, RESPONSE_OFFSET.encryptedNothing),
    encryptedNothing: bytes.subarray(RESPONSE_OFFSET.encryptedNothing, RESPONSE_OFFSET.mac1),
    mac1: bytes.subarray(RESPONSE_OFFSET.mac1, RESPONSE_OFFSET.mac2),
    mac2: bytes.subarray(RESPONSE_OFFSET.mac2, RESPONSE_BYTES),
  };
}
