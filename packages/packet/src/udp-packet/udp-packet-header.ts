/**
 * The header of a UdpPacket (docs/protocol.md, "UdpPacket"), by offset.
 *
 * ```
 *  0         1         2                   4
 *  +---------+---------+-------------------+
 *  | version | flags   | payload length    |
 *  +---------+---------+-------------------+--------+
 *  | source address (4 or 16)              | port   |
 *  +---------------------------------------+--------+
 *  | destination address (4 or 16)         | port   |
 *  +---------------------------------------+--------+
 *  | timestamp (8, if flagged)             |
 *  +---------------------------------------+
 *  | payload …                             |
 *  +---------------------------------------+
 * ```
 */
import { DROP } from '../drop-reason.js';
import { isMapped, writeMappedPrefix } from '../endpoint/address.js';
import {
  OFFSET_PACKED_SCOPE,
  OFFSET_PACKED_ZERO,
  PACKED_ENDPOINT_BYTES,
  type PackedEndpoints,
} from '../endpoint/packed-endpoint.js';
import { copyBytes, readU16, readU64, readU8, writeU16, writeU32, writeU64 } from '../integers.js';

export const UDP_PACKET_VERSION = 0x01;
export const FLAG_SOURCE_IPV6 = 0x01;
export const FLAG_DESTINATION_IPV6 = 0x02;
export const FLAG_TIMESTAMP = 0x04;
export const OFFSET_VERSION = 0;
export const OFFSET_FLAGS = OFFSET_VERSION + 1;
export const OFFSET_LENGTH = OFFSET_FLAGS + 1;
export const OFFSET_ENDPOINTS = OFFSET_LENGTH + 2;

/** The largest payload of a UDP datagram over IPv4: 65,535 less 20 of IP and 8 of UDP. */
export const MAX_PAYLOAD_BYTES = 65_507;
/** Bytes of the longest header: both endpoints IPv6, with a timestamp. */
export const MAX_UDP_PACKET_HEADER_BYTES = OFFSET_ENDPOINTS + 2 * (16 + 2) + 8;
/**
 * Timestamps are microseconds since 1970 below this (the year 2112), so that milliseconds in a
 * number keep them exactly.
 */
export const TIMESTAMP_LIMIT_US = 2 ** 52;
/** Stands for "no timestamp" where a number is wanted. */
export const NO_TIMESTAMP = -1;

const KNOWN_FLAGS = FLAG_SOURCE_IPV6 | FLAG_DESTINATION_IPV6 | FLAG_TIMESTAMP;
/** Bytes of an IPv4 address and a port. */
export const IPV4_ENDPOINT_BYTES = 4 + 2;
/** Bytes of an IPv6 address and a port. */
export const IPV6_ENDPOINT_BYTES = 16 + 2;
const MAPPED_PREFIX_BYTES = IPV6_ENDPOINT_BYTES - IPV4_ENDPOINT_BYTES;

/** The fields that {@link decodeUdpPacket} fills in; make one and reuse it. */
export class UdpPacketFields implements PackedEndpoints {
  /** Packed endpoint, scope id 0. */
  readonly source = new Uint8Array(PACKED_ENDPOINT_BYTES);
  /** Packed endpoint, scope id 0. */
  readonly destination = new Uint8Array(PACKED_ENDPOINT_BYTES);
  /** Microseconds since 1970, or {@link NO_TIMESTAMP}. */
  timestampUs = NO_TIMESTAMP;
  /** Where the payload begins in the bytes that were decoded. */
  payloadOffset = 0;
  payloadLength = 0;
}

/** Bytes of the header before the payload, for these endpoints. */
export function udpPacketHeaderBytes(endpoints: PackedEndpoints, timestampUs: number = NO_TIMESTAMP): number {
  const sourceBytes = isMapped(endpoints.source, 0) ? 4 : 16;
  const destinationBytes = isMapped(endpoints.destination, 0) ? 4 : 16;
  return OFFSET_ENDPOINTS + sourceBytes + 2 + destinationBytes + 2 + (timestampUs < 0 ? 0 : 8);
}

/**
 * Writes the header of a UdpPacket whose payload of `payloadLength` bytes the caller writes behind
 * it. Scope ids are not sent. Returns the offset of the payload. Throws a RangeError if there is no
 * room for header and payload, or the payload is longer than {@link MAX_PAYLOAD_BYTES}.
 */
export function encodeUdpPacketHeader(
  bytes: Uint8Array,
  offset: number,
  endpoints: PackedEndpoints,
  payloadLength: number,
  timestampUs: number = NO_TIMESTAMP,
): number {
  const headerBytes = udpPacketHeaderBytes(endpoints, timestampUs);
  if (payloadLength > MAX_PAYLOAD_BYTES) throw new RangeError('the payload is too large for a UDP datagram');
  if (offset + headerBytes + payloadLength > bytes.length) throw new RangeError('no room for the UdpPacket');
  writeUdpPacketHeader(bytes, offset, endpoints, payloadLength, timestampUs);
  return offset + headerBytes;
}

/**
 * As {@link encodeUdpPacketHeader}, where the caller has checked that there is room for the header
 * and how long the payload is.
 */
export function writeUdpPacketHeader(
  bytes: Uint8Array,
  offset: number,
  endpoints: PackedEndpoints,
  payloadLength: number,
  timestampUs: number,
): void {
  const { source, destination } = endpoints;
  bytes[offset + OFFSET_VERSION] = UDP_PACKET_VERSION;
  let flags = 0;
  if (!isMapped(source, 0)) flags |= FLAG_SOURCE_IPV6;
  if (!isMapped(destination, 0)) flags |= FLAG_DESTINATION_IPV6;
  if (timestampUs >= 0) flags |= FLAG_TIMESTAMP;
  bytes[offset + OFFSET_FLAGS] = flags;
  writeU16(bytes, offset + OFFSET_LENGTH, payloadLength);
  let next = writeEndpoint(bytes, offset + OFFSET_ENDPOINTS, source);
  next = writeEndpoint(bytes, next, destination);
  if (timestampUs >= 0) writeU64(bytes, next, timestampUs);
}

/**
 * Reads the UdpPacket that fills `offset` to `end` exactly. Returns `end`, or a drop code (`into`
 * is then undefined in part): unknown-version, reserved-bits, truncated, trailing-bytes, too-large,
 * bad-endpoint (destination port 0, or IPv4 written as IPv6), bad-value (timestamp beyond {@link
 * TIMESTAMP_LIMIT_US}). Allocates nothing; the payload stays where it is.
 */
export function decodeUdpPacket(bytes: Uint8Array, offset: number, end: number, into: UdpPacketFields): number {
  const payloadOffset = checkUdpPacket(bytes, offset, end);
  if (payloadOffset < 0) return payloadOffset;
  readUdpPacketSource(bytes, offset, into.source, 0);
  readUdpPacketDestination(bytes, offset, into.destination, 0);
  into.timestampUs = udpPacketTimestampUs(bytes, offset, payloadOffset);
  into.payloadOffset = payloadOffset;
  into.payloadLength = end - payloadOffset;
  return end;
}

/**
 * Checks all that {@link decodeUdpPacket} does, and returns the offset of the payload or a drop
 * code.
 */
export function checkUdpPacket(bytes: Uint8Array, offset: number, end: number): number {
  if (offset + OFFSET_ENDPOINTS > end) return DROP.truncated;
  if (readU8(bytes, offset + OFFSET_VERSION) !== UDP_PACKET_VERSION) return DROP.unknownVersion;
  const flags = readU8(bytes, offset + OFFSET_FLAGS);
  if ((flags & ~KNOWN_FLAGS) !== 0) return DROP.reservedBits;

  const payloadLength = readU16(bytes, offset + OFFSET_LENGTH);
  if (payloadLength > MAX_PAYLOAD_BYTES) return DROP.tooLarge;
  const isSourceIpv6 = (flags & FLAG_SOURCE_IPV6) !== 0;
  const isDestinationIpv6 = (flags & FLAG_DESTINATION_IPV6) !== 0;
  const source = offset + OFFSET_ENDPOINTS;
  const destination = source + (isSourceIpv6 ? IPV6_ENDPOINT_BYTES : IPV4_ENDPOINT_BYTES);
  const timestamp = destination + (isDestinationIpv6 ? IPV6_ENDPOINT_BYTES : IPV4_ENDPOINT_BYTES);
  const payload = timestamp + ((flags & FLAG_TIMESTAMP) === 0 ? 0 : 8);
  if (payload + payloadLength > end) return DROP.truncated;
  if (payload + payloadLength < end) return DROP.trailingBytes;

  // IPv4 written as IPv6: one endpoint has one encoding.
  if (isSourceIpv6 && isMapped(bytes, source)) return DROP.badEndpoint;
  if (isDestinationIpv6 && isMapped(bytes, destination)) return DROP.badEndpoint;
  if (readU16(bytes, timestamp - 2) === 0) return DROP.badEndpoint;
  return udpPacketTimestampUs(bytes, offset, payload) < TIMESTAMP_LIMIT_US ? payload : DROP.badValue;
}

/** Writes the packed source of a UdpPacket that {@link checkUdpPacket} has let pass. */
export function readUdpPacketSource(bytes: Uint8Array, offset: number, packed: Uint8Array, packedOffset: number): void {
  const isIpv6 = (readU8(bytes, offset + OFFSET_FLAGS) & FLAG_SOURCE_IPV6) !== 0;
  readEndpoint(bytes, offset + OFFSET_ENDPOINTS, isIpv6, packed, packedOffset);
}

/** Writes the packed destination of a UdpPacket that {@link checkUdpPacket} has let pass. */
export function readUdpPacketDestination(
  bytes: Uint8Array,
  offset: number,
  packed: Uint8Array,
  packedOffset: number,
): void {
  const flags = readU8(bytes, offset + OFFSET_FLAGS);
  const sourceBytes = (flags & FLAG_SOURCE_IPV6) === 0 ? IPV4_ENDPOINT_BYTES : IPV6_ENDPOINT_BYTES;
  const isIpv6 = (flags & FLAG_DESTINATION_IPV6) !== 0;
  readEndpoint(bytes, offset + OFFSET_ENDPOINTS + sourceBytes, isIpv6, packed, packedOffset);
}

/** The timestamp before the payload of a UdpPacket, or {@link NO_TIMESTAMP}. */
export function udpPacketTimestampUs(bytes: Uint8Array, offset: number, payloadOffset: number): number {
  const hasTimestamp = (readU8(bytes, offset + OFFSET_FLAGS) & FLAG_TIMESTAMP) !== 0;
  return hasTimestamp ? readU64(bytes, payloadOffset - 8) : NO_TIMESTAMP;
}

/**
 * Writes the address and the port of a packed endpoint, IPv4 in its short form. Returns the offset
 * after them. The caller has checked that there is room.
 */
export function writeEndpoint(bytes: Uint8Array, offset: number, packed: Uint8Array): number {
  const skipped = isMapped(packed, 0) ? MAPPED_PREFIX_BYTES : 0;
  const length = OFFSET_PACKED_ZERO - skipped;
  copyBytes(packed, skipped, bytes, offset, length);
  return offset + length;
}

/** Writes the packed endpoint of an address and a port, which the caller has checked. */
export function readEndpoint(
  bytes: Uint8Array,
  offset: number,
  isIpv6: boolean,
  packed: Uint8Array,
  packedOffset: number,
): void {
  if (!isIpv6) writeMappedPrefix(packed, packedOffset);
  const length = isIpv6 ? IPV6_ENDPOINT_BYTES : IPV4_ENDPOINT_BYTES;
  copyBytes(bytes, offset, packed, packedOffset + OFFSET_PACKED_ZERO - length, length);
  writeU16(packed, packedOffset + OFFSET_PACKED_ZERO, 0);
  writeU32(packed, packedOffset + OFFSET_PACKED_SCOPE, 0);
}
