import { readU32, writeU32 } from '../integers.js';
import { copyPackedEndpoint, PACKED_ENDPOINT_BYTES } from './packed-endpoint.js';

const WORDS = PACKED_ENDPOINT_BYTES / 4;
const LEAST_CAPACITY = 16;

/**
 * A map whose keys are packed endpoints, read from any buffer at an offset. Lookups allocate
 * nothing. Values are anything but undefined.
 *
 * Open addressing with linear probing, at most three quarters full and, unless it is small, at
 * least an eighth; a deletion moves later entries back, so lookups never slow down with age. The
 * hash is HalfSipHash-1-3 under a random key of each map: a stranger with forged source addresses
 * cannot choose endpoints that collide.
 */
export class EndpointMap<V> {
  #capacity = LEAST_CAPACITY;
  #size = 0;
  /** The words of the key of each slot. */
  #keys = new Uint32Array(LEAST_CAPACITY * WORDS);
  /** The hash of the key of each slot, never 0; 0 where the slot is free. */
  #hashes = new Uint32Array(LEAST_CAPACITY);
  #values: (V | undefined)[] = new Array<V | undefined>(LEAST_CAPACITY).fill(undefined);
  readonly #hashKey0 = randomWord();
  readonly #hashKey1 = randomWord();

  /** How many endpoints have a value. */
  get size(): number {
    return this.#size;
  }

  /** The value of the packed endpoint at `offset`, or undefined. */
  get(bytes: Uint8Array, offset: number): V | undefined {
    return this.#values[this.#slotOf(bytes, offset, this.#hash(bytes, offset))];
  }

  /** Whether the packed endpoint at `offset` has a value. */
  has(bytes: Uint8Array, offset: number): boolean {
    return this.#hashes[this.#slotOf(bytes, offset, this.#hash(bytes, offset))] !== 0;
  }

  /** Sets the value of the packed endpoint at `offset`. The key is copied. */
  set(bytes: Uint8Array, offset: number, value: V): void {
    const hash = this.#hash(bytes, offset);
    let slot = this.#slotOf(bytes, offset, hash);
    if (this.#hashes[slot] === 0) {
      if ((this.#size + 1) * 4 > this.#capacity * 3) {
        this.#resize(this.#capacity * 2);
        slot = this.#slotOf(bytes, offset, hash);
      }
      this.#size++;
      this.#hashes[slot] = hash;
      for (let i = 0; i < WORDS; i++) this.#keys[slot * WORDS + i] = readU32(bytes, offset + i * 4);
    }
    this.#values[slot] = value;
  }

  /** Removes the packed endpoint at `offset`; returns whether it was there. */
  delete(bytes: Uint8Array, offset: number): boolean {
    let hole = this.#slotOf(bytes, offset, this.#hash(bytes, offset));
    if (this.#hashes[hole] === 0) return false;
    const mask = this.#capacity - 1;
    for (let slot = (hole + 1) & mask; this.#hashes[slot] !== 0; slot = (slot + 1) & mask) {
      // An entry may move back to the hole only if the hole is not before the slot where its search
      // begins.
      const home = (this.#hashes[slot] ?? 0) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#move(slot, hole);
      hole = slot;
    }
    this.#hashes[hole] = 0;
    this.#values[hole] = undefined;
    this.#size--;
    if (this.#capacity > LEAST_CAPACITY && this.#size * 8 < this.#capacity) this.#resize(this.#capacity / 2);
    return true;
  }

  /** Removes all. */
  clear(): void {
    this.#size = 0;
    this.#hashes.fill(0);
    this.#resize(LEAST_CAPACITY);
  }

  /**
   * Each packed endpoint (a copy of {@link PACKED_ENDPOINT_BYTES} bytes) with its value, in no
   * order. Do not change the map while you read them.
   */
  *entries(): Generator<[Uint8Array, V]> {
    for (const [key, value] of this.#slots()) {
      const copy = new Uint8Array(PACKED_ENDPOINT_BYTES);
      copyPackedEndpoint(key, 0, copy, 0);
      yield [copy, value];
    }
  }

  /** Each value, in no order. Do not change the map while you read them. */
  *values(): Generator<V> {
    for (const [, value] of this.#slots()) yield value;
  }

  /** Each used slot; the key is one buffer, overwritten each time. */
  *#slots(): Generator<[Uint8Array, V]> {
    const key = new Uint8Array(PACKED_ENDPOINT_BYTES);
    for (const [slot, value] of this.#values.entries()) {
      if (value === undefined) continue;
      for (let i = 0; i < WORDS; i++) writeU32(key, i * 4, this.#keys[slot * WORDS + i] ?? 0);
      yield [key, value];
    }
  }

  /** The slot that holds the key, or the free slot where it belongs. */
  #slotOf(bytes: Uint8Array, offset: number, hash: number): number {
    const mask = this.#capacity - 1;
    let slot = hash & mask;
    for (;;) {
      const occupant = this.#hashes[slot];
      if (occupant === 0 || (occupant === hash && this.#holds(slot, bytes, offset))) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #holds(slot: number, bytes: Uint8Array, offset: number): boolean {
    for (let i = 0; i < WORDS; i++) {
      if (this.#keys[slot * WORDS + i] !== readU32(bytes, offset + i * 4)) return false;
    }
    return true;
  }

  #move(from: number, to: number): void {
    this.#hashes[to] = this.#hashes[from] ?? 0;
    this.#values[to] = this.#values[from];
    this.#keys.copyWithin(to * WORDS, from * WORDS, (from + 1) * WORDS);
  }

  /** `capacity` is a power of two, and has room for all. */
  #resize(capacity: number): void {
    const [keys, hashes, values] = [this.#keys, this.#hashes, this.#values];
    this.#capacity = capacity;
    this.#keys = new Uint32Array(capacity * WORDS);
    this.#hashes = new Uint32Array(capacity);
    this.#values = new Array<V | undefined>(capacity).fill(undefined);
    const mask = capacity - 1;
    for (const [from, hash] of hashes.entries()) {
      if (hash === 0) continue;
      let slot = hash & mask;
      while (this.#hashes[slot] !== 0) slot = (slot + 1) & mask;
      this.#hashes[slot] = hash;
      this.#values[slot] = values[from];
      this.#keys.set(keys.subarray(from * WORDS, (from + 1) * WORDS), slot * WORDS);
    }
  }

  /** HalfSipHash-1-3 (https://github.com/veorq/SipHash) of the 24 bytes, never 0. */
  #hash(bytes: Uint8Array, offset: number): number {
    let v0 = this.#hashKey0;
    let v1 = this.#hashKey1;
    let v2 = 0x6c796765 ^ this.#hashKey0;
    let v3 = 0x74656462 ^ this.#hashKey1;
    const lastRound = WORDS + 4;
    for (let round = 0; round < lastRound; round++) {
      // The words of the message, then its length in the highest byte, then three rounds to finish.
      const word =
        round < WORDS ? readU32(bytes, offset + round * 4) : round === WORDS ? PACKED_ENDPOINT_BYTES << 24 : 0;
      v3 ^= word;
      if (round === WORDS + 1) v2 ^= 0xff;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    return (v1 ^ v3) >>> 0 || 1;
  }
}

function randomWord(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
