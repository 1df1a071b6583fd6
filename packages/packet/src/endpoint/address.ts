/**
 * IP addresses as text and as 16 bytes. Text is accepted only in forms that every reader
 * understands alike: dotted IPv4 with four decimal parts and no leading zeros, and IPv6 after RFC
 * 4291 §2.2. Octal, hexadecimal, short and integer forms of IPv4 (`0177.0.0.1`, `0x7f.1`, `127.1`,
 * `2130706433`) are refused, since programs disagree on what they mean.
 *
 * The canonical form is dotted decimal for IPv4, RFC 5952 for IPv6, and dotted decimal for an
 * IPv4-mapped IPv6 address, so that one host has one text. Other embeddings of IPv4 (NAT64, 6to4,
 * Teredo, IPv4-compatible) are IPv6 addresses of their own and keep their form.
 */
import { readU32, readU8, readU16BigEndian, writeU16BigEndian, writeU32 } from '../integers.js';

/** Bytes of an address: IPv6 as it is, IPv4 as IPv4-mapped IPv6. */
export const ADDRESS_BYTES = 16;

/** Bytes of `::ffff:0:0/96`, and the last four of them as a little-endian number. */
const MAPPED_PREFIX_BYTES = 12;
const MAPPED_WORD = 0xffff_0000;
const GROUPS = 8;
const PARTS = Array.from({ length: 0x100 }, (_, byte) => `${byte}.`);
const ZONE = /^[0-9A-Za-z][0-9A-Za-z._~-]{0,31}$/;
const DIGIT_0 = 0x30;
const LETTER_A = 0x61;
const DOT = 0x2e;
const COLON = 0x3a;
/** Stands for a number that is not there yet. */
const NOTHING = -1;

/**
 * The canonical text of an address, or undefined where it is not an address or is written
 * ambiguously. A zone (`%eth0`, `%3`) is kept, and allowed on link-local addresses only (fe80::/10,
 * ff02::/16).
 */
export function parseAddress(text: string): string | undefined {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  const zone = readAddress(text, bytes, 0);
  if (zone === undefined) return undefined;
  return formatAddress(bytes, 0) + (zone === '' ? '' : `%${zone}`);
}

/**
 * 4 or 6. Throws a RangeError if `address` is no address. An IPv4-mapped address is of family 4, as
 * its canonical form is.
 */
export function addressFamily(address: string): 4 | 6 {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  if (readAddress(address, bytes, 0) === undefined) throw new RangeError(`not an IP address: ${address}`);
  return isMapped(bytes, 0) ? 4 : 6;
}

/**
 * Whether `address` is the unspecified address of its family, `0.0.0.0` or `::`: to a socket, all
 * addresses of the host.
 */
export function isUnspecifiedAddress(address: string): boolean {
  const canonical = parseAddress(address);
  return canonical === '0.0.0.0' || canonical === '::';
}

/** Whether `address` is one of many hosts at once: multicast, or the broadcast address of IPv4. */
export function isGroupAddress(address: string): boolean {
  const canonical = parseAddress(address) ?? '';
  return /^(?:22[4-9]|23\d)\.|^ff[0-9a-f]{2}:/.test(canonical) || canonical === '255.255.255.255';
}

/**
 * Writes the 16 bytes of an address in text. Returns its zone ('' if none), or undefined (nothing
 * useful written) if it is no address.
 */
export function readAddress(text: string, bytes: Uint8Array, offset: number): string | undefined {
  if (readDottedDecimal(text, 0, text.length, bytes, offset + MAPPED_PREFIX_BYTES)) {
    writeMappedPrefix(bytes, offset);
    return '';
  }
  const percent = text.indexOf('%');
  if (percent === -1) return readIpv6(text, text.length, bytes, offset) ? '' : undefined;
  const zone = text.slice(percent + 1);
  const isAddress = ZONE.test(zone) && readIpv6(text, percent, bytes, offset);
  return isAddress && isLinkLocal(bytes, offset) ? zone : undefined;
}

/** The canonical text of the 16 bytes at `offset`. */
export function formatAddress(bytes: Uint8Array, offset: number): string {
  return isMapped(bytes, offset) ? formatIpv4(bytes, offset + MAPPED_PREFIX_BYTES) : formatIpv6(bytes, offset);
}

/** Whether the 16 bytes at `offset` are an IPv4 address (IPv4-mapped). */
export function isMapped(bytes: Uint8Array, offset: number): boolean {
  return readU32(bytes, offset + 8) === MAPPED_WORD && readU32(bytes, offset) === 0 && readU32(bytes, offset + 4) === 0;
}

/** Writes the IPv4-mapped prefix before the 4 bytes of an IPv4 address. */
export function writeMappedPrefix(bytes: Uint8Array, offset: number): void {
  writeU32(bytes, offset, 0);
  writeU32(bytes, offset + 4, 0);
  writeU32(bytes, offset + 8, MAPPED_WORD);
}

/** Whether an address needs a zone to say which link it is on: fe80::/10 and ff02::/16. */
export function isLinkLocal(bytes: Uint8Array, offset: number): boolean {
  const first = readU16BigEndian(bytes, offset);
  return (first & 0xffc0) === 0xfe80 || first === 0xff02;
}

/** Reads the dotted decimal that `text` is from `start` to `end`. */
function readDottedDecimal(text: string, start: number, end: number, bytes: Uint8Array, offset: number): boolean {
  let dots = 0;
  let value = NOTHING;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (value === NOTHING || dots === 3) return false;
      bytes[offset + dots++] = value;
      value = NOTHING;
    } else {
      const digit = code - DIGIT_0;
      // A digit behind a leading zero would make the part octal to some readers.
      if (digit < 0 || digit > 9 || value === 0) return false;
      value = value === NOTHING ? digit : value * 10 + digit;
      if (value > 0xff) return false;
    }
  }
  bytes[offset + dots] = value;
  return dots === 3 && value !== NOTHING;
}

/** Reads the IPv6 address that `text` is up to `end`. */
function readIpv6(text: string, end: number, bytes: Uint8Array, offset: number): boolean {
  let groups = 0;
  /** Before which group `::` stands. */
  let gap = NOTHING;
  let at = 0;
  if (text.startsWith('::')) {
    gap = 0;
    at = 2;
  }
  while (at < end) {
    const digits = countHexDigits(text, at, end);
    if (text.charCodeAt(at + digits) === DOT) {
      // The last 32 bits in dotted decimal.
      if (groups > GROUPS - 2 || !readDottedDecimal(text, at, end, bytes, offset + groups * 2)) return false;
      groups += 2;
      break;
    }
    if (digits === 0 || digits > 4 || groups === GROUPS) return false;
    writeU16BigEndian(bytes, offset + groups * 2, Number.parseInt(text.slice(at, at + digits), 16));
    groups++;
    at += digits;
    if (at === end) break;
    if (text.charCodeAt(at) !== COLON || at + 1 === end) return false;
    at++;
    if (text.charCodeAt(at) === COLON) {
      if (gap !== NOTHING) return false;
      gap = groups;
      at++;
    }
  }
  if (gap === NOTHING) return groups === GROUPS;
  if (groups === GROUPS) return false;
  const tail = offset + ADDRESS_BYTES - (groups - gap) * 2;
  bytes.copyWithin(tail, offset + gap * 2, offset + groups * 2);
  bytes.fill(0, offset + gap * 2, tail);
  return true;
}

/** How many hexadecimal digits stand at `start`; no more than five are counted. */
function countHexDigits(text: string, start: number, end: number): number {
  let digits = 0;
  while (digits < 5 && start + digits < end && isHexDigit(text.charCodeAt(start + digits))) digits++;
  return digits;
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return (code >= DIGIT_0 && code <= DIGIT_0 + 9) || (lower >= LETTER_A && lower <= LETTER_A + 5);
}

function formatIpv4(bytes: Uint8Array, offset: number): string {
  const head = partOf(bytes, offset) + partOf(bytes, offset + 1) + partOf(bytes, offset + 2);
  return `${head}${readU8(bytes, offset + 3)}`;
}

/** A part of dotted decimal with its dot. */
function partOf(bytes: Uint8Array, offset: number): string {
  return PARTS[readU8(bytes, offset)] ?? '';
}

/**
 * RFC 5952 §4: lower case, no leading zeros, `::` for the longest run of two or more zero groups,
 * the first of equals.
 */
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
