import type { RandomSource } from '../keys/key-pair.js';

/**
 * Finds by 32-bit index without search (docs/protocol.md, "Indices"). Bits 8 to 15 are the byte of
 * the client's shard. Of the 24 bits around them the lowest name a slot in an array, and the rest
 * is random, so that an index of a past life is rarely mistaken for a present one.
 */
export class IndexTable<T> {
  readonly #random: RandomSource;
  readonly #slotBits: number;
  readonly #slotMask: number;
  readonly #slots: (T | undefined)[] = [];
  readonly #indices: number[] = [];
  readonly #free: number[] = [];

  /** Room for `capacity` entries, at most 2^24. */
  constructor(capacity: number, random: RandomSource) {
    this.#random = random;
    this.#slotBits = Math.max(1, Math.ceil(Math.log2(capacity)));
    this.#slotMask = 2 ** this.#slotBits - 1;
    if (this.#slotBits > NUMBER_BITS) throw new RangeError(`no room for ${capacity} indices`);
  }

  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** The entry with this index, if there is one. */
  at(index: number): T | undefined {
    const slot = this.#slotOf(index);
    return this.#indices[slot] === index ? this.#slots[slot] : undefined;
  }

  /** Takes a free index with this shard byte, to be given to `set`; undefined if there is none. */
  take(shardByte: number): number | undefined {
    const slot = this.#free.pop() ?? this.#slots.length;
    if (slot >= 2 ** this.#slotBits) return undefined;
    this.#random(randomBytes);
    const random = new DataView(randomBytes.buffer).getUint32(0, true) & NUMBER_MASK & ~this.#slotMask;
    const number = random | slot;
    const index = (((number >>> 8) << 16) | (shardByte << 8) | (number & 0xff)) >>> 0;
    this.#slots[slot] = undefined;
    this.#indices[slot] = index;
    return index;
  }

  /** Puts an entry under an index that was taken. */
  set(index: number, entry: T): void {
    this.#slots[this.#slotOf(index)] = entry;
  }

  /** Frees an index that was taken. */
  remove(index: number): void {
    const slot = this.#slotOf(index);
    if (this.#indices[slot] !== index) return;
    this.#indices[slot] = FREE;
    this.#slots[slot] = undefined;
    this.#free.push(slot);
  }

  #slotOf(index: number): number {
    return (((index >>> 16) << 8) | (index & 0xff)) & this.#slotMask;
  }
}

/** The byte of an index that names its shard: bits 8 to 15. */
export function shardByteOf(index: number): number {
  return (index >>> 8) & 0xff;
}

/** What is left of 32 bits beside the shard byte. */
const NUMBER_BITS = 24;
const NUMBER_MASK = 2 ** NUMBER_BITS - 1;
/** No index. */
const FREE = -1;

const randomBytes = new Uint8Array(4);
