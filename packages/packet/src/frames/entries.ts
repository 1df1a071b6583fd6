/**
 * Entries: values by key, one behind the other, keys ascending. The bytes of the length are one or
 * two, as the frame or body says that holds them.
 *
 * ```
 *  0        1            2 or 3
 *  +--------+------------+-------- …
 *  | key    | length     | value …
 *  +--------+------------+-------- …
 * ```
 */
import { DROP } from '../drop-reason.js';
import { readU16, readU32, readU64, readU8, writeU16, writeU32, writeU64 } from '../integers.js';

/** The bytes of an integer, and the least and the most that it may be. */
export interface IntegerBounds {
  readonly bytes: 1 | 4 | 8;
  readonly least: number;
  readonly most: number;
}

/** The entry that {@link readEntry} found; before the first one, key 0. */
export class EntryFields {
  key = 0;
  /** Where the value begins. */
  offset = 0;
  length = 0;
}

/** Bytes of an entry with a value of `length` bytes. */
export function entryBytes(lengthBytes: 1 | 2, length: number): number {
  return 1 + lengthBytes + length;
}

/**
 * Reads the entry at `at` over the one before it. Returns the offset after it, or a drop code:
 * truncated, bad-value (its key is not above that of the one before).
 */
export function readEntry(bytes: Uint8Array, at: number, end: number, lengthBytes: 1 | 2, entry: EntryFields): number {
  const value = at + entryBytes(lengthBytes, 0);
  if (value > end) return DROP.truncated;
  const key = readU8(bytes, at);
  if (key <= entry.key) return DROP.badValue;
  entry.key = key;
  entry.offset = value;
  entry.length = lengthBytes === 1 ? readU8(bytes, at + 1) : readU16(bytes, at + 1);
  return value + entry.length > end ? DROP.truncated : value + entry.length;
}

/** Writes key and length of an entry. Returns the offset of its value. */
export function writeEntryHeader(
  bytes: Uint8Array,
  at: number,
  key: number,
  lengthBytes: 1 | 2,
  length: number,
): number {
  bytes[at] = key;
  if (lengthBytes === 1) bytes[at + 1] = length;
  else writeU16(bytes, at + 1, length);
  return at + entryBytes(lengthBytes, 0);
}

/** The integer that is the value of an entry, or a drop code: bad-length, bad-value. */
export function readInteger(bytes: Uint8Array, entry: EntryFields, bounds: IntegerBounds): number {
  if (entry.length !== bounds.bytes) return DROP.badLength;
  const value = integerAt(bytes, entry.offset, bounds.bytes);
  return bounds.least <= value && value <= bounds.most ? value : DROP.badValue;
}

/** Writes an integer. Returns the offset after it. */
export function writeInteger(bytes: Uint8Array, at: number, value: number, { bytes: length }: IntegerBounds): number {
  if (length === 1) bytes[at] = value;
  else if (length === 4) writeU32(bytes, at, value);
  else writeU64(bytes, at, value);
  return at + length;
}

/** Throws a RangeError if the value of `name` is no integer within its bounds. */
export function requireInteger(name: string, value: number, { least, most }: IntegerBounds): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${name} cannot be ${value}: from ${least} to ${most}`);
}

function integerAt(bytes: Uint8Array, offset: number, length: 1 | 4 | 8): number {
  if (length === 1) return readU8(bytes, offset);
  return length === 4 ? readU32(bytes, offset) : readU64(bytes, offset);
}
