/**
 * PROXY protocol version 2 for datagrams: tells a service the real endpoints in front of the
 * payload (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.2). Integers are
 * big-endian here.
 *
 * ```
 *  0           12        13       14       16                 28 or 52      16 + length
 *  +-----------+---------+--------+--------+------------------+-------------+--------- …
 *  | signature | version | family | length | source address   | TLVs …      | payload …
 *  |           | command | proto  |        | destination addr.|             |
 *  |           |         |        |        | ports            |             |
 *  +-----------+---------+--------+--------+------------------+-------------+--------- …
 * ```
 */
import { DROP } from '../drop-reason.js';
import { isMapped, writeMappedPrefix } from '../endpoint/address.js';
import {
  OFFSET_PACKED_PORT,
  OFFSET_PACKED_ZERO,
  PACKED_ENDPOINT_BYTES,
  type PackedEndpoints,
} from '../endpoint/packed-endpoint.js';
import { copyBytes, equalBytes, readU16, readU16BigEndian, readU8, writeU16, writeU16BigEndian } from '../integers.js';
import { checkTlvs } from './proxy-tlv.js';

/** `\r\n\r\n\0\r\nQUIT\n` */
const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const OFFSET_VERSION_COMMAND = SIGNATURE.length;
const OFFSET_FAMILY = OFFSET_VERSION_COMMAND + 1;
const OFFSET_LENGTH = OFFSET_FAMILY + 1;
const OFFSET_ADDRESSES = OFFSET_LENGTH + 2;

const VERSION = 0x20;
const COMMAND_LOCAL = 0x0;
const COMMAND_PROXY = 0x1;
const UNSPECIFIED = 0x00;
const UDP_OVER_IPV4 = 0x12;
const UDP_OVER_IPV6 = 0x22;
/**
 * Valid, but not for datagrams over IP: the specification wants them read as if they were
 * unspecified.
 */
const TCP_OVER_IPV4 = 0x11;
const TCP_OVER_IPV6 = 0x21;
const UNIX_STREAM = 0x31;
const UNIX_DATAGRAM = 0x32;

/** Bytes of a header for IPv4 without TLVs. */
export const PROXY_IPV4_BYTES = OFFSET_ADDRESSES + 2 * 4 + 4;
/** Bytes of a header for IPv6 without TLVs. */
export const PROXY_IPV6_BYTES = OFFSET_ADDRESSES + 2 * 16 + 4;

/** The fields that {@link decodeProxyHeader} fills in; make one and reuse it. */
export class ProxyFields implements PackedEndpoints {
  /**
   * Whether the header names endpoints of UDP; if not (LOCAL, or another family), the datagram's
   * own are the real ones.
   */
  hasEndpoints = false;
  /** Packed endpoint of the real client. */
  readonly source = new Uint8Array(PACKED_ENDPOINT_BYTES);
  /** Packed endpoint that the client sent to. */
  readonly destination = new Uint8Array(PACKED_ENDPOINT_BYTES);
  /** Where the TLVs begin; they end at the offset that {@link decodeProxyHeader} returns. */
  tlvOffset = 0;
}

/**
 * Bytes of the header without TLVs, for these endpoints: {@link PROXY_IPV4_BYTES} if both are IPv4.
 */
export function proxyHeaderBytes({ source, destination }: PackedEndpoints): number {
  const isIpv4 = isMapped(source, 0) && isMapped(destination, 0);
  return isIpv4 ? PROXY_IPV4_BYTES : PROXY_IPV6_BYTES;
}

/**
 * Writes a header with command PROXY for these endpoints; if only one is IPv4, it is written as
 * IPv4-mapped IPv6. `tlvBytes` is the length of the TLVs that the caller writes behind it.
 * Returns the offset after the header proper. Throws a RangeError if there is no room.
 */
export function encodeProxyHeader(bytes: Uint8Array, offset: number, endpoints: PackedEndpoints, tlvBytes = 0): number {
  const headerBytes = proxyHeaderBytes(endpoints);
  if (offset + headerBytes + tlvBytes > bytes.length) throw new RangeError('no room for the PROXY header');
  const { source, destination } = endpoints;
  const isIpv4 = headerBytes === PROXY_IPV4_BYTES;
  copyBytes(SIGNATURE, 0, bytes, offset, SIGNATURE.length);
  bytes[offset + OFFSET_VERSION_COMMAND] = VERSION | COMMAND_PROXY;
  bytes[offset + OFFSET_FAMILY] = isIpv4 ? UDP_OVER_IPV4 : UDP_OVER_IPV6;
  writeU16BigEndian(bytes, offset + OFFSET_LENGTH, headerBytes - OFFSET_ADDRESSES + tlvBytes);
  const addressBytes = isIpv4 ? 4 : 16;
  const addresses = offset + OFFSET_ADDRESSES;
  const ports = addresses + 2 * addressBytes;
  copyBytes(source, 16 - addressBytes, bytes, addresses, addressBytes);
  copyBytes(destination, 16 - addressBytes, bytes, addresses + addressBytes, addressBytes);
  writeU16BigEndian(bytes, ports, readU16(source, OFFSET_PACKED_PORT));
  writeU16BigEndian(bytes, ports + 2, readU16(destination, OFFSET_PACKED_PORT));
  return offset + headerBytes;
}

/**
 * Writes a header with command LOCAL: the datagram is the proxy's own. Returns the offset after it.
 * Throws a RangeError if there is no room.
 */
export function encodeLocalProxyHeader(bytes: Uint8Array, offset: number): number {
  if (offset + OFFSET_ADDRESSES > bytes.length) throw new RangeError('no room for the PROXY header');
  copyBytes(SIGNATURE, 0, bytes, offset, SIGNATURE.length);
  bytes[offset + OFFSET_VERSION_COMMAND] = VERSION | COMMAND_LOCAL;
  bytes[offset + OFFSET_FAMILY] = UNSPECIFIED;
  writeU16BigEndian(bytes, offset + OFFSET_LENGTH, 0);
  return offset + OFFSET_ADDRESSES;
}

/** Whether a datagram begins with the signature. */
export function hasProxyHeader(bytes: Uint8Array, offset: number, end: number): boolean {
  return end - offset >= SIGNATURE.length && equalBytes(bytes, offset, SIGNATURE, 0, SIGNATURE.length);
}

/**
 * Reads the header at the beginning of the datagram from `offset` to `end`. Returns the offset of
 * the payload, or a drop code: truncated, bad-value (no signature, or an unknown command),
 * unknown-version, unknown-type (neither UDP nor unspecified), bad-length (too short for its
 * family, or TLVs that do not fill it), bad-checksum (a CRC32c TLV that is wrong).
 */
export function decodeProxyHeader(bytes: Uint8Array, offset: number, end: number, into: ProxyFields): number {
  if (offset + OFFSET_ADDRESSES > end) return DROP.truncated;
  if (!hasProxyHeader(bytes, offset, end)) return DROP.badValue;
  const versionCommand = readU8(bytes, offset + OFFSET_VERSION_COMMAND);
  const command = versionCommand & 0x0f;
  if ((versionCommand & 0xf0) !== VERSION) return DROP.unknownVersion;
  if (command !== COMMAND_LOCAL && command !== COMMAND_PROXY) return DROP.badValue;
  const family = readU8(bytes, offset + OFFSET_FAMILY);
  const addresses = offset + OFFSET_ADDRESSES;
  const payload = addresses + readU16BigEndian(bytes, offset + OFFSET_LENGTH);
  if (payload > end) return DROP.truncated;

  // Where no endpoints are, the receiver skips whatever the header holds.
  into.hasEndpoints = command === COMMAND_PROXY && isUdp(family);
  into.tlvOffset = payload;
  if (!into.hasEndpoints) return command === COMMAND_LOCAL || isSkippable(family) ? payload : DROP.unknownType;
  const addressBytes = family === UDP_OVER_IPV4 ? 4 : 16;
  const ports = addresses + 2 * addressBytes;
  into.tlvOffset = ports + 4;
  if (into.tlvOffset > payload) return DROP.badLength;
  readEndpoint(bytes, addresses, addressBytes, ports, into.source);
  readEndpoint(bytes, addresses + addressBytes, addressBytes, ports + 2, into.destination);
  const tlvs = checkTlvs(bytes, offset, into.tlvOffset, payload);
  return tlvs < 0 ? tlvs : payload;
}

function isUdp(family: number): boolean {
  return family === UDP_OVER_IPV4 || family === UDP_OVER_IPV6;
}

function isSkippable(family: number): boolean {
  return [UNSPECIFIED, TCP_OVER_IPV4, TCP_OVER_IPV6, UNIX_STREAM, UNIX_DATAGRAM].includes(family);
}

function readEndpoint(bytes: Uint8Array, at: number, addressBytes: number, portAt: number, packed: Uint8Array): void {
  if (addressBytes === 4) writeMappedPrefix(packed, 0);
  copyBytes(bytes, at, packed, 16 - addressBytes, addressBytes);
  writeU16(packed, OFFSET_PACKED_PORT, readU16BigEndian(bytes, portAt));
  packed.fill(0, OFFSET_PACKED_ZERO);
}
