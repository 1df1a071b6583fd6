import { ADDRESS_BYTES, parseAddress, readAddress } from './address.js';
import { MAX_U16 } from '../integers.js';

/** An IP address and a UDP port. A plain object: make one by writing it down. */
export interface Endpoint {
  /**
   * Canonical text, as {@link parseAddress} gives it: `192.0.2.1`, `2001:db8::1`, `fe80::1%eth0`.
   */
  readonly address: string;
  /** 0 to 65,535. */
  readonly port: number;
}

const PORT = /^(?:0|[1-9][0-9]{0,4})$/;

/**
 * Reads `192.0.2.1:53`, `[2001:db8::1]:53` or `[fe80::1%eth0]:53`; undefined for everything else:
 * host names, missing ports, IPv6 without brackets, ports with signs, spaces or leading zeros. The
 * address becomes canonical.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const colon = text.lastIndexOf(':');
  if (colon === -1) return undefined;
  const port = parsePort(text.slice(colon + 1));
  const host = text.slice(0, colon);
  const isBracketed = host.startsWith('[') && host.endsWith(']');
  const inner = isBracketed ? host.slice(1, -1) : host;
  if (port === undefined || isBracketed !== inner.includes(':')) return undefined;
  const address = parseAddress(inner);
  return address === undefined ? undefined : { address, port };
}

/** The text that {@link parseEndpoint} reads: IPv6 addresses in brackets. */
export function formatEndpoint(endpoint: Endpoint): string {
  const { address, port } = endpoint;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * The same endpoint with its address in canonical form. Throws a RangeError if it is no endpoint.
 */
export function canonicalEndpoint(endpoint: Endpoint): Endpoint {
  const address = parseAddress(endpoint.address);
  if (address === undefined) throw new RangeError(`not an IP address: ${endpoint.address}`);
  if (!isPort(endpoint.port)) throw new RangeError(`not a port: ${endpoint.port}`);
  return { address, port: endpoint.port };
}

/**
 * Orders endpoints by address, IPv4 before IPv6 and each as a number, then by zone, then by port:
 * below 0, 0 or above 0, as `Array.sort` wants it. Throws a RangeError if one is no endpoint.
 */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  const [keyOfA, keyOfB] = [sortKey(a), sortKey(b)];
  for (const [i, value] of keyOfA.bytes.entries()) {
    const difference = value - (keyOfB.bytes[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (keyOfA.zone !== keyOfB.zone) return keyOfA.zone < keyOfB.zone ? -1 : 1;
  return a.port - b.port;
}

/**
 * Whether both are the same endpoint, however their addresses are written. Throws a RangeError if
 * one is no endpoint.
 */
export function equalEndpoints(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && (a.address === b.address || compareEndpoints(a, b) === 0);
}

/** Whether a number is a port: an integer from 0 to 65,535. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= MAX_U16;
}

function parsePort(text: string): number | undefined {
  const port = PORT.test(text) ? Number(text) : -1;
  return isPort(port) ? port : undefined;
}

/** The family, then the 16 bytes of the address. */
function sortKey(endpoint: Endpoint): { bytes: Uint8Array; zone: string } {
  const bytes = new Uint8Array(1 + ADDRESS_BYTES);
  const zone = readAddress(endpoint.address, bytes, 1);
  if (zone === undefined) throw new RangeError(`not an IP address: ${endpoint.address}`);
  bytes[0] = parseAddress(endpoint.address)?.includes(':') === true ? 6 : 4;
  return { bytes, zone };
}
