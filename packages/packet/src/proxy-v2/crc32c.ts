import { readU8 } from '../integers.js';

const TABLE = new Uint32Array(256);
for (let i = 0; i < TABLE.length; i++) {
  let value = i;
  // The Castagnoli polynomial, reflected.
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0x82f6_3b78;
  TABLE[i] = value;
}

/** CRC32c (RFC 3720 §12.1) of `start` to `end`, where the 4 bytes at `zeroAt` count as zeros. */
export function crc32c(bytes: Uint8Array, start: number, end: number, zeroAt: number): number {
  let crc = 0xffff_ffff;
  for (let i = start; i < end; i++) {
    const byte = i >= zeroAt && i < zeroAt + 4 ? 0 : readU8(bytes, i);
    crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}
