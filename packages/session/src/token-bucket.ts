/** A rate limit: `perSecond` on average, and at most `burst` at once. Starts full. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #refilledMs = -Infinity;

  constructor(perSecond: number, burst: number = perSecond) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes `amount` if that many are there. */
  take(nowMs: number, amount = 1): boolean {
    if (!this.has(nowMs, amount)) return false;
    this.#tokens -= amount;
    return true;
  }

  /**
   * Takes `amount` if any are there. What is more than there are is owed: the next must wait for
   * it. So even an amount larger than the bucket passes, at the rate of the bucket.
   */
  takeOrOwe(nowMs: number, amount: number): boolean {
    if (!this.has(nowMs)) return false;
    this.#tokens -= amount;
    return true;
  }

  /** Whether `amount` are there now, without taking them. */
  has(nowMs: number, amount = 1): boolean {
    if (nowMs > this.#refilledMs) {
      this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#refilledMs) * this.#perMs);
      this.#refilledMs = nowMs;
    }
    return this.#tokens >= amount;
  }
}
