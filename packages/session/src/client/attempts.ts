import type { Initiation } from '../handshake/initiation.js';

/** An initiation that was sent, and may be answered. */
export interface Attempt extends Initiation {
  readonly sentMs: number;
  isAnswered: boolean;
}

/** Answers to so many attempts are known: with the first waits they cover round trips of 4 s. */
const KEPT = 8;
/** An answer may take so much longer than the last one before another attempt goes out. */
const PATIENCE_FACTOR = 1.25;
const PATIENCE_MS = 50;

/**
 * The last attempts at one handshake. The answer to any of them shows how long a round trip takes;
 * only the newest makes keys, since the server keeps those of the newest initiation that it has
 * answered.
 */
export class Attempts {
  #kept: Attempt[] = [];
  #leastWaitMs = 0;

  get newest(): Attempt | undefined {
    return this.#kept.at(-1);
  }

  /** How long to wait for the answer to an attempt at least, by the answers so far, in ms. */
  get leastWaitMs(): number {
    return this.#leastWaitMs;
  }

  /** The attempt with this sender index, if an answer to it may still come. */
  find(senderIndex: number): Attempt | undefined {
    return this.#kept.find((attempt) => attempt.senderIndex === senderIndex);
  }

  add(attempt: Attempt): void {
    this.#kept.push(attempt);
    if (this.#kept.length > KEPT) this.#kept.shift()?.noise.wipe();
  }

  /** An authentic answer to this attempt came. Only the first tells of the round trip. */
  answered(attempt: Attempt, nowMs: number): void {
    if (attempt.isAnswered) return;
    attempt.isAnswered = true;
    this.#leastWaitMs = (nowMs - attempt.sentMs) * PATIENCE_FACTOR + PATIENCE_MS;
  }

  /** No answer to this one counts any more. */
  remove(attempt: Attempt): void {
    this.#kept = this.#kept.filter((kept) => kept !== attempt);
    attempt.noise.wipe();
  }

  /** No answer to any of them matters any more. */
  forget(): void {
    for (const attempt of this.#kept) attempt.noise.wipe();
    this.#kept = [];
  }
}
