import type { RandomSource } from '../keys/key-pair.js';

/** Which indices a table gives out: those whose lowest `bits` bits are `number`. */
export interface Shard {
  /** 0 to 8. */
  readonly bits: number;
  readonly number: number;
}

/**
 * Finds by 32-bit index without search: the lowest bits name the shard, the next ones a slot in an array, and the rest is
 * random, so that an index of a past life is rarely mistaken for a present one.
 */
export class IndexTable<T> {
  readonly #random: RandomSource;
  readonly #shard: Shard;
  readonly #slotBits: number;
  readonly #slotMask: number;
  readonly #slots: (T | undefined)[] = [];
  readonly #indices: number[] = [];
  readonly #free: number[] = [];

  /** Room for `capacity` entries, at most 2^(32 - shard bits). */
  constructor(capacity: number, random: RandomSource, shard: Shard = { bits: 0, number: 0 }) {
    this.#random = random;
    this.#shard = shard;
    this.#slotBits = Math.max(1, Math.ceil(Math.log2(capacity)));
    this.#slotMask = 2 ** this.#slotBits - 1;
    if (this.#slotBits + shard.bits > 32) throw new RangeError(`no room for ${capacity} indices`);
  }

  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** The entry with this index, if there is one. */
  at(index: number): T | undefined {
    const slot = this.#slotOf(index);
    return this.#indices[slot] === index ? this.#slots[slot] : undefined;
  }

  /** Takes a free index, to be given to `set`; undefined if there is none. */
  take(): number | undefined {
    const slot = this.#free.pop() ?? this.#slots.length;
    if (slot >= 2 ** this.#slotBits) return undefined;
    const lowBits = this.#slotBits + this.#shard.bits;
    this.#random(randomBytes);
    const random = new DataView(randomBytes.buffer).getUint32(0, true);
    const high = lowBits === 32 ? 0 : (random >>> lowBits) * 2 ** lowBits;
    const index = high + slot * 2 ** this.#shard.bits + this.#shard.number;
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
    return (index >>> this.#shard.bits) & this.#slotMask;
  }
}

/** No index. */
const FREE = -1;

const randomBytes = new Uint8Array(4);
