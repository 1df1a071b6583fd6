/**
 * Simple Proxy Protocol, a header of fixed size in front of each datagram that tells a service the
 * real endpoints
 * (https://developers.cloudflare.com/spectrum/reference/simple-proxy-protocol-header/). Integers
 * are big-endian here, and IPv4 addresses IPv4-mapped.
 *
 * ```
 *  0       2                18              34            36           38
 *  +-------+----------------+---------------+-------------+------------+--------- …
 *  | magic | client address | proxy address | client port | proxy port | payload …
 *  +-------+----------------+---------------+-------------+------------+--------- …
 * ```
 */
import { DROP } from '../drop-reason.js';
import { ADDRESS_BYTES } from '../endpoint/address.js';
import { OFFSET_PACKED_PORT, OFFSET_PACKED_ZERO, type PackedEndpoints } from '../endpoint/packed-endpoint.js';
import { copyBytes, readU16, readU16BigEndian, writeU16, writeU16BigEndian } from '../integers.js';

const MAGIC = 0x56ec;
const OFFSET_CLIENT_ADDRESS = 2;
const OFFSET_PROXY_ADDRESS = OFFSET_CLIENT_ADDRESS + ADDRESS_BYTES;
const OFFSET_CLIENT_PORT = OFFSET_PROXY_ADDRESS + ADDRESS_BYTES;
const OFFSET_PROXY_PORT = OFFSET_CLIENT_PORT + 2;

/** Bytes of the header. */
export const SIMPLE_PROXY_BYTES = OFFSET_PROXY_PORT + 2;

/**
 * Writes a header: the source is the client, the destination the endpoint that it sent to. Returns
 * the offset after it. Throws a RangeError if there is no room.
 */
export function encodeSimpleProxyHeader(bytes: Uint8Array, offset: number, endpoints: PackedEndpoints): number {
  if (offset + SIMPLE_PROXY_BYTES > bytes.length) throw new RangeError('no room for the Simple Proxy header');
  const { source, destination } = endpoints;
  writeU16BigEndian(bytes, offset, MAGIC);
  copyBytes(source, 0, bytes, offset + OFFSET_CLIENT_ADDRESS, ADDRESS_BYTES);
  copyBytes(destination, 0, bytes, offset + OFFSET_PROXY_ADDRESS, ADDRESS_BYTES);
  writeU16BigEndian(bytes, offset + OFFSET_CLIENT_PORT, readU16(source, OFFSET_PACKED_PORT));
  writeU16BigEndian(bytes, offset + OFFSET_PROXY_PORT, readU16(destination, OFFSET_PACKED_PORT));
  return offset + SIMPLE_PROXY_BYTES;
}

/**
 * Reads the header at the beginning of the datagram from `offset` to `end` into packed endpoints.
 * Returns the offset of the payload, or a drop code: truncated, bad-value (another magic number).
 */
export function decodeSimpleProxyHeader(bytes: Uint8Array, offset: number, end: number, into: PackedEndpoints): number {
  if (offset + SIMPLE_PROXY_BYTES > end) return DROP.truncated;
  if (readU16BigEndian(bytes, offset) !== MAGIC) return DROP.badValue;
  readEndpoint(bytes, offset + OFFSET_CLIENT_ADDRESS, offset + OFFSET_CLIENT_PORT, into.source);
  readEndpoint(bytes, offset + OFFSET_PROXY_ADDRESS, offset + OFFSET_PROXY_PORT, into.destination);
  return offset + SIMPLE_PROXY_BYTES;
}

function readEndpoint(bytes: Uint8Array, addressAt: number, portAt: number, packed: Uint8Array): void {
  copyBytes(bytes, addressAt, packed, 0, ADDRESS_BYTES);
  writeU16(packed, OFFSET_PACKED_PORT, readU16BigEndian(bytes, portAt));
  packed.fill(0, OFFSET_PACKED_ZERO);
}
