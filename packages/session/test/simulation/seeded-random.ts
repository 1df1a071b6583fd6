import type { RandomSource } from '../../src/index.js';

/**
 * Numbers that are the same for the same seed: mulberry32, which is good enough to choose accidents
 * by.
 */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** For keys and indices: so that a run can be repeated exactly. */
  readonly bytes: RandomSource = (bytes) => {
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.next() * 256;
  };
}
