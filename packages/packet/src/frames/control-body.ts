/**
 * The bodies of control requests and answers (docs/protocol.md, "Control"), as objects: they are
 * rare.
 *
 * ```
 *  unpublish; answer to publish:           0         16     18      20
 *                                          +---------+------+-------+
 *                                          | address | port | count |
 *                                          +---------+------+-------+
 *  resolve:                                name, 1 to 253 bytes
 *  answer to resolve:                      0         4           20
 *                                          +---------+-----------+----- …
 *                                          | ttl     | address   | …
 *                                          +---------+-----------+----- …
 * ```
 */
import type { DropReason } from '../drop-reason.js';
import { ADDRESS_BYTES, formatAddress, readAddress } from '../endpoint/address.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import {
  OFFSET_PACKED_PORT,
  OFFSET_PACKED_ZERO,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
} from '../endpoint/packed-endpoint.js';
import { MAX_U16, MAX_U32, readU16, readU32, writeU16, writeU32 } from '../integers.js';

/** The most addresses in the answer to a resolve request. */
export const MAX_RESOLVED_ADDRESSES = 16;

const OFFSET_COUNT = OFFSET_PACKED_ZERO;
/** Bytes of public ports. */
export const PORTS_BYTES = OFFSET_COUNT + 2;
const TTL_BYTES = 4;
const NAME = /^(?=.{1,253}$)[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,62})(?:\.[0-9A-Za-z_-]{1,63})*\.?$/;

/** Public ports of a server: those that a client requests, or those that the server opened. */
export interface PublishedPorts {
  /**
   * The first port; port 0 asks for any. The address `::` stands for every address of the server.
   */
  readonly endpoint: Endpoint;
  /** How many ports in a row, from 1. */
  readonly count: number;
}

/** The answer to a resolve request. */
export interface ResolvedName {
  /** How long it may be kept, in milliseconds. */
  readonly ttlMs: number;
  /** Canonical texts, at most {@link MAX_RESOLVED_ADDRESSES}. */
  readonly addresses: readonly string[];
}

/**
 * Body of unpublish requests, of the answer to publish, and of publish requests without entries.
 * Throws a RangeError if
 * `ports` is no range of ports.
 */
export function encodePublishedPorts(ports: PublishedPorts): Uint8Array {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint(ports.endpoint, packed, 0);
  if (!isPortRange(ports.endpoint.port, ports.count)) throw new RangeError('not a range of ports');
  const bytes = packed.slice(0, PORTS_BYTES);
  writeU16(bytes, OFFSET_COUNT, ports.count);
  return bytes;
}

/** Reads the body that fills `bytes`. Returns the drop reason if it is wrong. */
export function decodePublishedPorts(bytes: Uint8Array): PublishedPorts | DropReason {
  if (bytes.length < PORTS_BYTES) return 'truncated';
  if (bytes.length > PORTS_BYTES) return 'trailing-bytes';
  const port = readU16(bytes, OFFSET_PACKED_PORT);
  const count = readU16(bytes, OFFSET_COUNT);
  if (!isPortRange(port, count)) return 'bad-value';
  return { endpoint: { address: formatAddress(bytes, 0), port }, count };
}

/** Whether a text is a host name in ASCII. */
export function isHostName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Body of a resolve request. Throws a RangeError if `name` is not a host name in ASCII (letters,
 * digits, `-`, `_`, dots; at most 253).
 */
export function encodeName(name: string): Uint8Array {
  if (!isHostName(name)) throw new RangeError('not a host name');
  return new TextEncoder().encode(name);
}

/** Reads the body that fills `bytes`. Returns bad-value if it is not a host name in ASCII. */
export function decodeName(bytes: Uint8Array): { readonly name: string } | DropReason {
  const name = String.fromCharCode(...bytes.subarray(0, 254));
  return isHostName(name) ? { name } : 'bad-value';
}

/**
 * Body of the answer to a resolve request. Throws a RangeError if there are more than {@link
 * MAX_RESOLVED_ADDRESSES}, or one is no address.
 */
export function encodeResolvedName(resolved: ResolvedName): Uint8Array {
  const { addresses, ttlMs } = resolved;
  if (addresses.length > MAX_RESOLVED_ADDRESSES) throw new RangeError('too many addresses');
  const bytes = new Uint8Array(TTL_BYTES + addresses.length * ADDRESS_BYTES);
  writeU32(bytes, 0, Math.min(ttlMs, MAX_U32));
  for (const [i, address] of addresses.entries()) {
    const zone = readAddress(address, bytes, TTL_BYTES + i * ADDRESS_BYTES);
    if (zone !== '') throw new RangeError(`not an address without a zone: ${address}`);
  }
  return bytes;
}

/** Reads the body that fills `bytes`. Returns the drop reason if it is wrong. */
export function decodeResolvedName(bytes: Uint8Array): ResolvedName | DropReason {
  if (bytes.length < TTL_BYTES) return 'truncated';
  const count = (bytes.length - TTL_BYTES) / ADDRESS_BYTES;
  if (!Number.isInteger(count)) return 'bad-length';
  if (count > MAX_RESOLVED_ADDRESSES) return 'too-large';
  const addresses = Array.from({ length: count }, (_, i) => formatAddress(bytes, TTL_BYTES + i * ADDRESS_BYTES));
  return { ttlMs: readU32(bytes, 0), addresses };
}

function isPortRange(port: number, count: number): boolean {
  return Number.isInteger(count) && count >= 1 && port + count - 1 <= MAX_U16;
}
