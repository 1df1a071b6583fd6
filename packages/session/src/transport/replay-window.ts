/**
 * How far below the highest counter a packet may come late. At 300,000 packets per second this is 7
 * ms of reordering.
 */
export const WINDOW_COUNTERS = 2048;

const WORD_BITS = 32;
const BIT_MASK = WORD_BITS - 1;
const RING_WORDS = 128;
const RING_MASK = RING_WORDS - 1;

/**
 * Which counters were seen: the sliding bitmap of RFC 6479, a ring of words of which whole ones are
 * cleared as the window moves, so that nothing is ever shifted. The ring is wider than the window
 * of {@link WINDOW_COUNTERS}, and a power of two, so that masks find the place of a counter; they
 * are right for counters beyond 32 bits too. It is taken when a counter beyond the first word
 * comes: an idle session never has one.
 */
export class ReplayWindow {
  readonly #rings: ReplayRings;
  #ring: ReplayRing | undefined = undefined;
  /** The first word, while there is no ring. */
  #first = 0;
  #highest = -1;

  constructor(rings: ReplayRings) {
    this.#rings = rings;
  }

  /** The highest counter accepted; -1 if none. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether `counter` is new: neither seen nor too old to know. */
  accepts(counter: number): boolean {
    if (counter > this.#highest) return true;
    if (counter <= this.#highest - WINDOW_COUNTERS) return false;
    return (this.#wordOf(counter) & (1 << (counter & BIT_MASK))) === 0;
  }

  /** Marks a counter that `accepts` approved, once its packet proved authentic. */
  mark(counter: number): void {
    if (counter >= WORD_BITS) this.#ring ??= this.#takeRing();
    const ring = this.#ring;
    const index = Math.floor(counter / WORD_BITS);
    if (counter > this.#highest) {
      if (ring !== undefined) clearWords(ring, Math.floor(this.#highest / WORD_BITS), index);
      this.#highest = counter;
    }
    const word = this.#wordOf(counter) | (1 << (counter & BIT_MASK));
    if (ring === undefined) this.#first = word;
    else ring.words[ring.start + (index & RING_MASK)] = word;
  }

  /** Gives the ring back; the window must not be used after. */
  release(): void {
    if (this.#ring !== undefined) this.#rings.give(this.#ring);
    this.#ring = undefined;
  }

  #wordOf(counter: number): number {
    const ring = this.#ring;
    if (ring === undefined) return this.#first;
    return ring.words[ring.start + (Math.floor(counter / WORD_BITS) & RING_MASK)] ?? 0;
  }

  #takeRing(): ReplayRing {
    const ring = this.#rings.take();
    ring.words[ring.start] = this.#first;
    return ring;
  }
}

/** Clears the words after the one at `from` up to the one at `to`, or all. */
function clearWords({ words, start }: ReplayRing, from: number, to: number): void {
  const count = Math.min(to - from, RING_WORDS);
  for (let step = 0; step < count; step++) words[start + ((to - step) & RING_MASK)] = 0;
}

/** The words `words[start .. start + 128]`. */
export interface ReplayRing {
  readonly words: Uint32Array;
  readonly start: number;
}

/**
 * Rings side by side in large arrays, reused: an array of its own would cost each of 100,000 half
 * as much again.
 */
export class ReplayRings {
  readonly #free: ReplayRing[] = [];

  /** A ring of zeros. */
  take(): ReplayRing {
    if (this.#free.length === 0) {
      const words = new Uint32Array(RING_WORDS * RINGS_AT_ONCE);
      for (let start = 0; start < words.length; start += RING_WORDS) this.#free.push({ words, start });
    }
    return this.#free.pop() ?? { words: new Uint32Array(RING_WORDS), start: 0 };
  }

  /** Takes a ring back that nobody uses any more. */
  give(ring: ReplayRing): void {
    ring.words.fill(0, ring.start, ring.start + RING_WORDS);
    this.#free.push(ring);
  }
}

const RINGS_AT_ONCE = 16;
