import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { refuse } from '../refusal.js';
import type { Format } from './format.js';

/** A block of addresses, canonical: bits beyond the prefix are zero. */
export interface Cidr {
  /** First address, canonical text. */
  readonly address: string;
  /** 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly prefix: number;
}

// Four decimal parts without leading zeros: `010.0.0.1`, `0x7f.1` and `127.1` mean different hosts
// to different programs.
const DOTTED = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/;
const ZONE = /^[A-Za-z0-9._~-]{1,15}$/;

/**
 * An IP address, not a name. The value is canonical text: dotted IPv4, RFC 5952 IPv6; IPv4-mapped
 * becomes IPv4.
 */
export const address: Format<string> = {
  name: 'address',
  valueName: 'ADDR',
  expected: 'an IP address such as 192.0.2.1 or 2001:db8::1',
  parse: (value) => (typeof value === 'string' ? parseAddress(value) : undefined) ?? refuse(address.expected),
};

/**
 * A block of addresses: `10.0.0.0/8`, `2001:db8::/32`; an address alone is a block of one. Bits
 * beyond the prefix must be zero.
 */
export const cidr: Format<Cidr> = {
  name: 'CIDR',
  expected: 'a block of addresses such as 10.0.0.0/8 or 2001:db8::/32, zero beyond the prefix',
  parse: (value) => (typeof value === 'string' ? parseCidr(value) : undefined) ?? refuse(cidr.expected),
};

/**
 * Canonical text of a literal address, or `undefined` where the text is anything else (names,
 * octal, hex, short forms, integers).
 */
export function parseAddress(text: string): string | undefined {
  if (text.length > 64) return undefined;
  if (DOTTED.test(text)) return isIPv4(text) ? text : undefined;
  const [bare = '', zone, ...more] = text.split('%');
  if (more.length > 0 || !isIPv6(bare)) return undefined;
  const canonical = canonicalIPv6(bare);
  if (zone === undefined) return canonical;
  return ZONE.test(zone) && isLinkLocal(canonical) ? `${canonical}%${zone}` : undefined;
}

function parseCidr(text: string): Cidr | undefined {
  const [start = '', digits, ...more] = text.split('/');
  const address = start.includes('%') ? undefined : parseAddress(start);
  if (address === undefined || more.length > 0) return undefined;
  const width = address.includes(':') ? 128 : 32;
  if (digits === undefined) return { address, prefix: width };
  // A mapped block (::ffff:10.0.0.0/104) would change its width with its family: write it as IPv4.
  if (width === 32 && start.includes(':')) return undefined;
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits) || Number(digits) > width) return undefined;
  const prefix = Number(digits);
  return firstAddress(address, prefix) === address ? { address, prefix } : undefined;
}

function canonicalIPv6(bare: string): string {
  const parsed = ipaddr.IPv6.parse(withoutDottedTail(bare));
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String();
}

/**
 * ipaddr.js reads `::1.2.3.4` as the mapped `::ffff:1.2.3.4`, another host: give it hexadecimal
 * groups only.
 */
function withoutDottedTail(bare: string): string {
  const colon = bare.lastIndexOf(':') + 1;
  const tail = bare.slice(colon);
  if (!tail.includes('.')) return bare;
  const [a = 0, b = 0, c = 0, d = 0] = tail.split('.').map(Number);
  return `${bare.slice(0, colon)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function isLinkLocal(canonical: string): boolean {
  return canonical.includes(':') && ipaddr.IPv6.parse(canonical).range() === 'linkLocal';
}

function firstAddress(address: string, prefix: number): string {
  if (!address.includes(':')) return ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`).toString();
  return canonicalIPv6(ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`).toString());
}
