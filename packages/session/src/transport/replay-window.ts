/**
 * Which counters were seen: the sliding bitmap of RFC 6479, a ring of words of which whole ones are cleared as the window
 * moves, so that nothing is ever shifted. With one word more than the window is wide, {@link WINDOW_COUNTERS} counters
 * below the highest are always told apart.
 */
export class ReplayWindow {
  readonly #words = new Uint32Array(RING_WORDS);
  #highest = -1;

  /** The highest counter accepted; -1 if none. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether `counter` is new: neither seen nor too old to know. */
  accepts(counter: number): boolean {
    if (counter > this.#highest) return true;
    if (counter <= this.#highest - WINDOW_COUNTERS) return false;
    const word = this.#words[Math.floor(counter / WORD_BITS) % RING_WORDS] ?? 0;
    return (word & (1 << (counter % WORD_BITS))) === 0;
  }

  /** Marks a counter that `accepts` approved, once its packet proved authentic. */
  mark(counter: number): void {
    const index = Math.floor(counter / WORD_BITS);
    if (counter > this.#highest) {
      const from = Math.floor(this.#highest / WORD_BITS);
      const stale = Math.min(index - from, RING_WORDS);
      for (let step = 1; step <= stale; step++) this.#words[(index - stale + step) % RING_WORDS] = 0;
      this.#highest = counter;
    }
    const slot = index % RING_WORDS;
    this.#words[slot] = (this.#words[slot] ?? 0) | (1 << (counter % WORD_BITS));
  }
}

/** How far below the highest counter a packet may come late. At 300,000 packets per second this is 7 ms of reordering. */
export const WINDOW_COUNTERS = 2048;

const WORD_BITS = 32;
const RING_WORDS = WINDOW_COUNTERS / WORD_BITS + 1;
