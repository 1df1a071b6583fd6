import type { RandomSource } from '../keys/key-pair.js';

/**
 * A rate limit per source address in memory of a fixed size: addresses are hashed with a secret
 * seed into buckets, which a few may share. IPv6 addresses count by their /64, since one host has
 * all of it.
 */
export class SourceLimiter {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #seed: number;
  readonly #tokens: Float64Array;
  readonly #refilledMs: Float64Array;

  constructor(perSecond: number, burst: number, random: RandomSource) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    const seed = new Uint8Array(4);
    random(seed);
    this.#seed = new DataView(seed.buffer).getUint32(0);
    this.#tokens = new Float64Array(BUCKETS).fill(burst);
    this.#refilledMs = new Float64Array(BUCKETS).fill(-Infinity);
  }

  /** Takes one from the bucket of the packed endpoint at `source[offset]`, if it has one. */
  take(source: Uint8Array, offset: number, nowMs: number): boolean {
    const bucket = this.#bucketOf(source, offset);
    const elapsedMs = Math.max(0, nowMs - (this.#refilledMs[bucket] ?? 0));
    const tokens = Math.min(this.#burst, (this.#tokens[bucket] ?? 0) + elapsedMs * this.#perMs);
    this.#refilledMs[bucket] = nowMs;
    this.#tokens[bucket] = tokens >= 1 ? tokens - 1 : tokens;
    return tokens >= 1;
  }

  #bucketOf(source: Uint8Array, offset: number): number {
    // An IPv4-mapped address differs only in its last 8 bytes, an IPv6 address counts by its first
    // 8.
    const isMapped = source[offset + 10] === 0xff && source[offset] === 0 && source[offset + 1] === 0;
    const start = isMapped ? offset + 8 : offset;
    let hash = this.#seed;
    for (let index = start; index < start + 8; index++) hash = Math.imul(hash ^ (source[index] ?? 0), 0x0100_0193);
    return (hash ^ (hash >>> 15)) & (BUCKETS - 1);
  }
}

const BUCKETS = 4096;
