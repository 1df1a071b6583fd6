/**
 * Little-endian integers in a Uint8Array at any offset, without a DataView and without allocation.
 * Callers have checked the bounds; a byte beyond them reads as 0 and is not written.
 */

export const MAX_U16 = 0xffff;
export const MAX_U32 = 0xffff_ffff;

export function readU8(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0;
}

export function readU16(bytes: Uint8Array, offset: number): number {
  return readU8(bytes, offset) | (readU8(bytes, offset + 1) << 8);
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return (readU16(bytes, offset) | (readU8(bytes, offset + 2) << 16) | (readU8(bytes, offset + 3) << 24)) >>> 0;
}

/** A 64-bit integer as a number. Exact to 2^53 - 1; larger ones are rounded. */
export function readU64(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset) + readU32(bytes, offset + 4) * 0x1_0000_0000;
}

export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}

/** Writes an integer from 0 to 2^53 - 1 in 64 bits. */
export function writeU64(bytes: Uint8Array, offset: number, value: number): void {
  writeU32(bytes, offset, value >>> 0);
  writeU32(bytes, offset + 4, Math.floor(value / 0x1_0000_0000));
}

/** Big-endian, for PROXY protocol v2 alone. */
export function readU16BigEndian(bytes: Uint8Array, offset: number): number {
  return (readU8(bytes, offset) << 8) | readU8(bytes, offset + 1);
}

export function writeU16BigEndian(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

/** Whether `length` bytes are the same in both. */
export function equalBytes(a: Uint8Array, aOffset: number, b: Uint8Array, bOffset: number, length: number): boolean {
  for (let i = 0; i < length; i++) {
    if (a[aOffset + i] !== b[bOffset + i]) return false;
  }
  return true;
}

/**
 * Copies `length` bytes; cheaper than `set` with `subarray`, which allocates a view, for the few
 * bytes of a header field.
 */
export function copyBytes(
  from: Uint8Array,
  fromOffset: number,
  to: Uint8Array,
  toOffset: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) to[toOffset + i] = readU8(from, fromOffset + i);
}
