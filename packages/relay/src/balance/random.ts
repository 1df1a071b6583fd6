import type { Balance } from './candidate.js';

/** A candidate by chance, in proportion to its weight. `random` gives numbers from 0 up to 1. */
export function newRandom(random: () => number): Balance {
  return (candidates) => {
    let left = random() * candidates.reduce((sum, { weight }) => sum + weight, 0);
    for (const candidate of candidates) {
      left -= candidate.weight;
      if (left < 0) return candidate;
    }
    return candidates.at(-1);
  };
}

/**
 * Numbers from 0 up to 1 that follow from the seed (32 bits): mulberry32, whose 2^32 states are
 * enough for choices that nobody's secret depends on.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
