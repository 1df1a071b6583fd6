/**
 * IP addresses as text and as 16 bytes. Text is accepted only in forms that every reader understands alike: dotted IPv4 with
 * four decimal parts and no leading zeros, and IPv6 after RFC 4291 §2.2. Octal, hexadecimal, short and integer forms of IPv4
 * (`0177.0.0.1`, `0x7f.1`, `127.1`, `2130706433`) are refused, since programs disagree on what they mean.
 *
 * The canonical form is dotted decimal for IPv4, RFC 5952 for IPv6, and dotted decimal for an IPv4-mapped IPv6 address, so that
 * one host has one text. Other embeddings of IPv4 (NAT64, 6to4, Teredo, IPv4-compatible) are IPv6 addresses of their own and
 * keep their form.
 */
import { copyBytes, equalBytes, readU8, readU16BigEndian, writeU16BigEndian } from '../integers.js';

/** Bytes of an address: IPv6 as it is, IPv4 as IPv4-mapped IPv6. */
export const ADDRESS_BYTES = 16;

const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
const GROUPS = 8;
const LONGEST_IPV6 = 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255'.length;
const ZONE = /^[0-9A-Za-z][0-9A-Za-z._~-]{0,31}$/;
const DECIMAL_BYTE = /^(?:0|[1-9][0-9]{0,2})$/;
const HEX_GROUP = /^[0-9A-Fa-f]{1,4}$/;

/**
 * The canonical text of an address, or undefined where it is not an address or is written ambiguously. A zone (`%eth0`, `%3`)
 * is kept, and allowed on link-local addresses only (fe80::/10, ff02::/16).
 */
export function parseAddress(text: string): string | undefined {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  const zone = readAddress(text, bytes, 0);
  if (zone === undefined) return undefined;
  return formatAddress(bytes, 0) + (zone === '' ? '' : `%${zone}`);
}

/** 4 or 6. Throws a RangeError if `address` is no address. An IPv4-mapped address is of family 4, as its canonical form is. */
export function addressFamily(address: string): 4 | 6 {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  if (readAddress(address, bytes, 0) === undefined) throw new RangeError(`not an IP address: ${address}`);
  return isMapped(bytes, 0) ? 4 : 6;
}

/** Writes the 16 bytes of an address in text. Returns its zone ('' if none), or undefined (nothing useful written) if it is no address. */
export function readAddress(text: string, bytes: Uint8Array, offset: number): string | undefined {
  if (!text.includes(':')) return readIpv4(text, bytes, offset) ? '' : undefined;
  const percent = text.indexOf('%');
  if (percent === -1) return readIpv6(text, bytes, offset) ? '' : undefined;
  const zone = text.slice(percent + 1);
  const isAddress = ZONE.test(zone) && readIpv6(text.slice(0, percent), bytes, offset);
  return isAddress && isLinkLocal(bytes, offset) ? zone : undefined;
}

/** The canonical text of the 16 bytes at `offset`. */
export function formatAddress(bytes: Uint8Array, offset: number): string {
  return isMapped(bytes, offset) ? formatIpv4(bytes, offset + MAPPED_PREFIX.length) : formatIpv6(bytes, offset);
}

/** Whether the 16 bytes at `offset` are an IPv4 address (IPv4-mapped). */
export function isMapped(bytes: Uint8Array, offset: number): boolean {
  return equalBytes(bytes, offset, MAPPED_PREFIX, 0, MAPPED_PREFIX.length);
}

/** Writes the IPv4-mapped prefix before the 4 bytes of an IPv4 address. */
export function writeMappedPrefix(bytes: Uint8Array, offset: number): void {
  copyBytes(MAPPED_PREFIX, 0, bytes, offset, MAPPED_PREFIX.length);
}

/** Whether an address needs a zone to say which link it is on: fe80::/10 and ff02::/16. */
export function isLinkLocal(bytes: Uint8Array, offset: number): boolean {
  const first = readU16BigEndian(bytes, offset);
  return (first & 0xffc0) === 0xfe80 || first === 0xff02;
}

function readIpv4(text: string, bytes: Uint8Array, offset: number): boolean {
  writeMappedPrefix(bytes, offset);
  return readDottedDecimal(text, bytes, offset + MAPPED_PREFIX.length);
}

function readDottedDecimal(text: string, bytes: Uint8Array, offset: number): boolean {
  if (text.length > '255.255.255.255'.length) return false;
  const parts = text.split('.');
  if (parts.length !== 4) return false;
  for (const [i, part] of parts.entries()) {
    const value = DECIMAL_BYTE.test(part) ? Number(part) : 256;
    if (value > 255) return false;
    bytes[offset + i] = value;
  }
  return true;
}

function readIpv6(text: string, bytes: Uint8Array, offset: number): boolean {
  if (text.length > LONGEST_IPV6) return false;
  const halves = text.split('::');
  const [head = '', tail] = halves;
  if (halves.length > 2) return false;
  bytes.fill(0, offset, offset + ADDRESS_BYTES);
  if (tail === undefined) return readGroups(head, bytes, offset, true) === GROUPS;

  const headGroups = head === '' ? 0 : readGroups(head, bytes, offset, false);
  if (tail === '') return headGroups >= 0 && headGroups < GROUPS;
  const tailBytes = new Uint8Array(ADDRESS_BYTES);
  const tailGroups = readGroups(tail, tailBytes, 0, true);
  if (headGroups < 0 || tailGroups < 0 || headGroups + tailGroups >= GROUPS) return false;
  copyBytes(tailBytes, 0, bytes, offset + (GROUPS - tailGroups) * 2, tailGroups * 2);
  return true;
}

/** Reads groups between colons, the last of which may be dotted IPv4 where it is the end of the address. Returns their number, or -1. */
function readGroups(text: string, bytes: Uint8Array, offset: number, endsAddress: boolean): number {
  const parts = text.split(':');
  let groups = 0;
  for (const [i, part] of parts.entries()) {
    if (part.includes('.')) {
      const isLast = endsAddress && i === parts.length - 1;
      if (!isLast || groups > GROUPS - 2 || !readDottedDecimal(part, bytes, offset + groups * 2)) return -1;
      groups += 2;
    } else {
      if (groups === GROUPS || !HEX_GROUP.test(part)) return -1;
      writeU16BigEndian(bytes, offset + groups * 2, Number.parseInt(part, 16));
      groups++;
    }
  }
  return groups;
}

function formatIpv4(bytes: Uint8Array, offset: number): string {
  return `${readU8(bytes, offset)}.${readU8(bytes, offset + 1)}.${readU8(bytes, offset + 2)}.${readU8(bytes, offset + 3)}`;
}

/** RFC 5952 §4: lower case, no leading zeros, `::` for the longest run of two or more zero groups, the first of equals. */
function formatIpv6(bytes: Uint8Array, offset: number): string {
  let longest = 1;
  let longestStart = -1;
  for (let start = 0; start < GROUPS; start++) {
    let end = start;
    while (end < GROUPS && readU16BigEndian(bytes, offset + end * 2) === 0) end++;
    if (end - start > longest) {
      longest = end - start;
      longestStart = start;
    }
  }
  if (longestStart === -1) return hexGroups(bytes, offset, 0, GROUPS);
  const before = hexGroups(bytes, offset, 0, longestStart);
  const after = hexGroups(bytes, offset, longestStart + longest, GROUPS);
  return `${before}::${after}`;
}

function hexGroups(bytes: Uint8Array, offset: number, start: number, end: number): string {
  const groups: string[] = [];
  for (let i = start; i < end; i++) groups.push(readU16BigEndian(bytes, offset + i * 2).toString(16));
  return groups.join(':');
}
