import type { DatagramBatch } from '@relay/packet';
import { cameOnPath, copyPackedPath, equalPackedPaths, PACKED_PATH_BYTES } from '../packed-path.js';
import { UNVALIDATED_FACTOR } from '../protocol.js';
import { CHALLENGE_EVERY_MS, CHALLENGE_PATIENCE_MS, MOVES_PER_SECOND } from '../tuning.js';

/**
 * Which way a session's packets go, and what the address there has proven (RFC 9000 §8.2, §9.3).
 * The newest authentic packet moves the session to its source; until that has answered a challenge,
 * little is sent there, and if it never does, the session returns to the last address that has.
 */
export class Path {
  /** Packed path; and the same as the words `words[at .. at + 12]`. */
  readonly packed: Uint8Array;
  readonly words: Int32Array;
  readonly at: number;
  #validation: Validation | undefined = undefined;
  /** Moves within the second that began then. */
  #moves = 0;
  #movesSinceMs = -Infinity;

  constructor() {
    const { bytes, words, at } = takeRoom();
    this.packed = bytes;
    this.words = words;
    this.at = at;
  }

  /** The last path whose address has proven itself, while that of the present one has not. */
  get fallback(): Uint8Array | undefined {
    return this.#validation?.fallback;
  }

  /** The token that the present address must return; undefined if it need not. */
  get challenge(): Uint8Array | undefined {
    return this.#validation?.token;
  }

  get nextChallengeMs(): number {
    return this.#validation?.nextChallengeMs ?? Infinity;
  }

  /** Counts a move of the session; false if there were too many: then it stays where it is. */
  mayMove(nowMs: number): boolean {
    if (nowMs - this.#movesSinceMs >= 1000) {
      this.#movesSinceMs = nowMs;
      this.#moves = 0;
    }
    return this.#moves++ < MOVES_PER_SECOND;
  }

  /** Takes this packed path, which needs no proof. */
  settle(path: Uint8Array): void {
    copyPackedPath(path, 0, this.packed, 0);
    this.#validation = undefined;
  }

  /**
   * Takes this packed path, whose address must return `token` (8 unpredictable bytes).
   */
  move(path: Uint8Array, token: Uint8Array, nowMs: number): void {
    const fallback = this.#validation === undefined ? Uint8Array.from(this.packed) : this.#validation.fallback;
    copyPackedPath(path, 0, this.packed, 0);
    const isProven = fallback !== undefined && equalPackedPaths(fallback, 0, this.packed, 0);
    this.#validation = isProven ? undefined : newValidation(fallback, token, nowMs);
  }

  /** As {@link move}, but there is no path to return to. */
  begin(path: Uint8Array, token: Uint8Array, nowMs: number): void {
    copyPackedPath(path, 0, this.packed, 0);
    this.#validation = newValidation(undefined, token, nowMs);
  }

  /** Whether datagram `i` of the batch came on the present path. */
  isOf(batch: DatagramBatch, i: number): boolean {
    return cameOnPath(batch, i, this.packed);
  }

  /** An authentic packet of so many bytes came on the present path. */
  received(bytes: number): void {
    if (this.#validation !== undefined) this.#validation.allowedBytes += UNVALIDATED_FACTOR * bytes;
  }

  /**
   * Counts a packet of so many bytes that is to go to the present address; false if that is more
   * than it may get.
   */
  spend(bytes: number): boolean {
    if (this.#validation === undefined) return true;
    if (bytes > this.#validation.allowedBytes) return false;
    this.#validation.allowedBytes -= bytes;
    return true;
  }

  /**
   * The token came back with datagram `i` of the batch. Returns whether that proves the present
   * address.
   */
  answered(token: Uint8Array, batch: DatagramBatch, i: number): boolean {
    const expected = this.#validation?.token;
    if (expected === undefined || !this.isOf(batch, i)) return false;
    if (!expected.every((byte, index) => byte === token[index])) return false;
    this.#validation = undefined;
    return true;
  }

  /** What is due: nothing, the challenge, or (done here) the return to the last proven address. */
  due(nowMs: number): 'nothing' | 'challenge' | 'returned' {
    const validation = this.#validation;
    if (validation === undefined || nowMs < validation.nextChallengeMs) return 'nothing';
    if (nowMs - validation.startedMs < CHALLENGE_PATIENCE_MS) {
      validation.nextChallengeMs = nowMs + CHALLENGE_EVERY_MS;
      return 'challenge';
    }
    validation.nextChallengeMs = Infinity;
    if (validation.fallback === undefined) return 'nothing';
    this.settle(validation.fallback);
    return 'returned';
  }
}

interface Validation {
  readonly fallback: Uint8Array | undefined;
  readonly token: Uint8Array;
  readonly startedMs: number;
  nextChallengeMs: number;
  allowedBytes: number;
}

function newValidation(fallback: Uint8Array | undefined, token: Uint8Array, nowMs: number): Validation {
  return { fallback, token, startedMs: nowMs, nextChallengeMs: nowMs, allowedBytes: 0 };
}

/**
 * Room for packed paths, side by side in large arrays: an array of its own would take each twice
 * the memory.
 */
class Slab {
  readonly bytes = new Uint8Array(SLAB_PATHS * PACKED_PATH_BYTES);
  readonly words = new Int32Array(this.bytes.buffer);
  used = 0;
}

const SLAB_PATHS = 64;
let slab = new Slab();

function takeRoom(): { bytes: Uint8Array; words: Int32Array; at: number } {
  if (slab.used === SLAB_PATHS) slab = new Slab();
  const start = slab.used++ * PACKED_PATH_BYTES;
  return { bytes: slab.bytes.subarray(start, start + PACKED_PATH_BYTES), words: slab.words, at: start / 4 };
}
