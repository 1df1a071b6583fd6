/**
 * The type-length-values behind the addresses of a PROXY v2 header (section 2.2.1 to 2.2.8 of its
 * specification).
 *
 * ```
 *  0       1             3
 *  +-------+-------------+-------- …
 *  | type  | length      | value …
 *  +-------+-------------+-------- …
 * ```
 */
import { DROP } from '../drop-reason.js';
import { readU16BigEndian, readU8, writeU16BigEndian } from '../integers.js';
import { crc32c } from './crc32c.js';

/** Types that the specification assigns, as far as they make sense for datagrams. */
export const PROXY_TLV = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  netns: 0x30,
} as const;

/** Bytes of a TLV before its value. */
export const TLV_HEADER_BYTES = 3;
const CRC_BYTES = 4;

/** One TLV. */
export interface ProxyTlv {
  /** 0 to 255, see {@link PROXY_TLV}; 0xe0 to 0xef are for own use. */
  readonly type: number;
  readonly value: Uint8Array;
}

/** Bytes that these TLVs take. */
export function proxyTlvBytes(tlvs: readonly ProxyTlv[]): number {
  return tlvs.reduce((sum, { value }) => sum + TLV_HEADER_BYTES + value.length, 0);
}

/**
 * Writes TLVs, for which there is room. Returns the offset after them. A CRC32c is written by
 * {@link writeChecksum} afterwards.
 */
export function writeTlvs(bytes: Uint8Array, offset: number, tlvs: readonly ProxyTlv[]): number {
  let at = offset;
  for (const { type, value } of tlvs) {
    bytes[at] = type;
    writeU16BigEndian(bytes, at + 1, value.length);
    bytes.set(value, at + TLV_HEADER_BYTES);
    at += TLV_HEADER_BYTES + value.length;
  }
  return at;
}

/** The TLVs from `offset` to `end`, which decodeProxyHeader has let pass. Values are views. */
export function readTlvs(bytes: Uint8Array, offset: number, end: number): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  for (let at = offset; at < end;) {
    const next = nextTlv(bytes, at, end);
    tlvs.push({ type: readU8(bytes, at), value: bytes.subarray(at + TLV_HEADER_BYTES, next) });
    at = next;
  }
  return tlvs;
}

/** Puts the CRC32c of the header into the TLV that waits for it, if there is one. */
export function writeChecksum(bytes: Uint8Array, header: number, tlvOffset: number, end: number): void {
  for (let at = tlvOffset; at < end; at = nextTlv(bytes, at, end)) {
    if (readU8(bytes, at) !== PROXY_TLV.crc32c) continue;
    const value = at + TLV_HEADER_BYTES;
    const checksum = crc32c(bytes, header, end, value);
    writeU16BigEndian(bytes, value, checksum >>> 16);
    writeU16BigEndian(bytes, value + 2, checksum);
  }
}

/** `end` if the TLVs fill `tlvOffset` to `end` and their checksum is right, or a drop code. */
export function checkTlvs(bytes: Uint8Array, header: number, tlvOffset: number, end: number): number {
  for (let at = tlvOffset; at < end;) {
    const next = nextTlv(bytes, at, end);
    if (next < 0) return next;
    if (readU8(bytes, at) === PROXY_TLV.crc32c) {
      const value = at + TLV_HEADER_BYTES;
      if (next - value !== CRC_BYTES) return DROP.badLength;
      const checksum = readU16BigEndian(bytes, value) * 0x1_0000 + readU16BigEndian(bytes, value + 2);
      if (checksum !== crc32c(bytes, header, end, value)) return DROP.badChecksum;
    }
    at = next;
  }
  return end;
}

function nextTlv(bytes: Uint8Array, at: number, end: number): number {
  if (at + TLV_HEADER_BYTES > end) return DROP.badLength;
  const next = at + TLV_HEADER_BYTES + readU16BigEndian(bytes, at + 1);
  return next > end ? DROP.badLength : next;
}
