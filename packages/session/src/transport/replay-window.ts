/** How far below the highest counter a packet may come late. At 300,000 packets per second this is 7 ms of reordering. */
export const WINDOW_COUNTERS = 2048;

const WORD_BITS = 32;
const RING_WORDS = WINDOW_COUNTERS / WORD_BITS + 1;

/**
 * Which counters were seen: the sliding bitmap of RFC 6479, a ring of words of which whole ones are cleared as the window
 * moves, so that nothing is ever shifted. With one word more than the window is wide, {@link WINDOW_COUNTERS} counters
 * below the highest are always told apart.
 */
export class ReplayWindow {
  readonly #words: Uint32Array;
  readonly #start: number;
  #highest = -1;

  /** The ring is `words[start .. start + 65]`, which must be zeros. */
  constructor(words = new Uint32Array(RING_WORDS), start = 0) {
    this.#words = words;
    this.#start = start;
  }

  /** The highest counter accepted; -1 if none. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether `counter` is new: neither seen nor too old to know. */
  accepts(counter: number): boolean {
    if (counter > this.#highest) return true;
    if (counter <= this.#highest - WINDOW_COUNTERS) return false;
    const word = this.#words[this.#start + (Math.floor(counter / WORD_BITS) % RING_WORDS)] ?? 0;
    return (word & (1 << (counter % WORD_BITS))) === 0;
  }

  /** Marks a counter that `accepts` approved, once its packet proved authentic. */
  mark(counter: number): void {
    const index = Math.floor(counter / WORD_BITS);
    if (counter > this.#highest) {
      const from = Math.floor(this.#highest / WORD_BITS);
      const stale = Math.min(index - from, RING_WORDS);
      for (let step = 0; step < stale; step++) this.#words[this.#start + ((index - step) % RING_WORDS)] = 0;
      this.#highest = counter;
    }
    const at = this.#start + (index % RING_WORDS);
    this.#words[at] = (this.#words[at] ?? 0) | (1 << (counter % WORD_BITS));
  }

  /** As new. */
  clear(): void {
    this.#words.fill(0, this.#start, this.#start + RING_WORDS);
    this.#highest = -1;
  }
}

/** Replay windows side by side in large arrays, reused: an array of its own would cost each of 100,000 half as much again. */
export class ReplayWindows {
  readonly #free: ReplayWindow[] = [];

  take(): ReplayWindow {
    const window = this.#free.pop();
    if (window !== undefined) return window;
    const words = new Uint32Array(RING_WORDS * WINDOWS_AT_ONCE);
    for (let start = RING_WORDS; start < words.length; start += RING_WORDS) {
      this.#free.push(new ReplayWindow(words, start));
    }
    return new ReplayWindow(words, 0);
  }

  /** Takes a window back that nobody uses any more. */
  give(window: ReplayWindow): void {
    window.clear();
    this.#free.push(window);
  }
}

const WINDOWS_AT_ONCE = 64;
