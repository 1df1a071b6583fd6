/**
 * An endpoint in 24 bytes, the form of the data path and the key of {@link EndpointMap}. Two packed
 * endpoints are the same endpoint exactly if their bytes are the same. It is not a wire format: a
 * scope id means something on one host only.
 *
 * ```
 *  0               16      18      20           24
 *  +----------------+-------+-------+------------+
 *  | address        | port  | zero  | scope id   |
 *  +----------------+-------+-------+------------+
 * ```
 *
 * The address is in network order, IPv4 as IPv4-mapped IPv6; port (16 bits) and scope id (32 bits:
 * the interface index of a link-local address, otherwise 0) are little-endian.
 */
import { copyBytes, equalBytes, MAX_U32, readU16, readU32, writeU16, writeU32 } from '../integers.js';
import { ADDRESS_BYTES, formatAddress, readAddress } from './address.js';
import { isPort, type Endpoint } from './endpoint.js';

export const OFFSET_PACKED_PORT = ADDRESS_BYTES;
export const OFFSET_PACKED_ZERO = OFFSET_PACKED_PORT + 2;
export const OFFSET_PACKED_SCOPE = OFFSET_PACKED_ZERO + 2;

/** Bytes of a packed endpoint. */
export const PACKED_ENDPOINT_BYTES = OFFSET_PACKED_SCOPE + 4;

/**
 * Two packed endpoints, each at the start of its array: the sender and the receiver of a datagram.
 */
export interface PackedEndpoints {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

const NUMERIC_ZONE = /^(?:0|[1-9][0-9]{0,9})$/;

/**
 * Writes an endpoint packed at `offset`; there must be room for {@link PACKED_ENDPOINT_BYTES}.
 * Throws a RangeError if it is no endpoint, or its zone is a name: only a socket knows which
 * interface index (`%3`) a name (`%eth0`) stands for.
 */
export function packEndpoint(endpoint: Endpoint, bytes: Uint8Array, offset: number): void {
  if (offset < 0 || offset + PACKED_ENDPOINT_BYTES > bytes.length)
    throw new RangeError('no room for a packed endpoint');
  if (!isPort(endpoint.port)) throw new RangeError(`not a port: ${endpoint.port}`);
  const zone = readAddress(endpoint.address, bytes, offset);
  if (zone === undefined) throw new RangeError(`not an IP address: ${endpoint.address}`);
  const scope = zone === '' ? 0 : NUMERIC_ZONE.test(zone) ? Number(zone) : Number.NaN;
  if (!(scope <= MAX_U32)) throw new RangeError(`not a numeric zone: ${endpoint.address}`);
  writeU16(bytes, offset + OFFSET_PACKED_PORT, endpoint.port);
  writeU16(bytes, offset + OFFSET_PACKED_ZERO, 0);
  writeU32(bytes, offset + OFFSET_PACKED_SCOPE, scope);
}

/**
 * Reads a packed endpoint as an object; allocates, so not per datagram. Throws a RangeError if
 * `bytes` ends before it does.
 */
export function unpackEndpoint(bytes: Uint8Array, offset: number): Endpoint {
  if (offset < 0 || offset + PACKED_ENDPOINT_BYTES > bytes.length)
    throw new RangeError('not a packed endpoint: too short');
  const address = formatAddress(bytes, offset);
  const scope = readU32(bytes, offset + OFFSET_PACKED_SCOPE);
  return { address: scope === 0 ? address : `${address}%${scope}`, port: packedPort(bytes, offset) };
}

/** The port of a packed endpoint. */
export function packedPort(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset + OFFSET_PACKED_PORT);
}

/** Copies a packed endpoint. Allocates nothing. */
export function copyPackedEndpoint(from: Uint8Array, fromOffset: number, to: Uint8Array, toOffset: number): void {
  copyBytes(from, fromOffset, to, toOffset, PACKED_ENDPOINT_BYTES);
}

/** Whether two packed endpoints are the same. Allocates nothing. */
export function equalPackedEndpoints(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number): boolean {
  return equalBytes(a, aOffset, b, bOffset, PACKED_ENDPOINT_BYTES);
}
