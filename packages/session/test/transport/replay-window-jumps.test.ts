import { describe, expect, test } from '@jest/globals';
import { ReplayRings, ReplayWindow, WINDOW_COUNTERS } from '../../src/transport/replay-window.js';
import { SeededRandom } from '../simulation/seeded-random.js';

/** Obviously right, and slow: remembers every counter. */
class RememberAll {
  readonly #seen = new Set<number>();
  highest = -1;

  accepts(counter: number): boolean {
    return counter > this.highest - WINDOW_COUNTERS && !this.#seen.has(counter);
  }

  mark(counter: number): void {
    this.#seen.add(counter);
    this.highest = Math.max(this.highest, counter);
  }
}

/** The counters about the window on which the two disagree. */
function disagreements(window: ReplayWindow, oracle: RememberAll): number[] {
  const wrong: number[] = [];
  const lowest = Math.max(0, oracle.highest - WINDOW_COUNTERS - 70);
  for (let counter = lowest; counter <= oracle.highest + 70; counter++)
    if (window.accepts(counter) !== oracle.accepts(counter)) wrong.push(counter);
  return wrong;
}

describe('the replay window after dense traffic', () => {
  test.each([1, 2, 3, 4])('forgets what a jump passes over, and only that (seed %d)', (seed) => {
    const random = new SeededRandom(seed);
    const window = new ReplayWindow(new ReplayRings());
    const oracle = new RememberAll();
    const take = (counter: number): void => {
      window.mark(counter);
      oracle.mark(counter);
    };
    // More than twice around the ring: what is not cleared shows up as a packet that was never seen
    // and is refused.
    while (oracle.highest < 30_000) {
      const run = Math.floor(random.between(1, 4000));
      for (let i = 0; i < run; i++) take(oracle.highest + 1);
      const [least, most] = random.chance(0.2) ? [2000, 9000] : [30, 1900];
      take(oracle.highest + Math.floor(random.between(least, most)));
      expect(disagreements(window, oracle)).toEqual([]);
      for (let i = 0; i < 40; i++) {
        const late = oracle.highest - Math.floor(random.between(0, WINDOW_COUNTERS));
        if (late >= 0 && oracle.accepts(late)) take(late);
      }
      expect(disagreements(window, oracle)).toEqual([]);
      expect(window.highest).toBe(oracle.highest);
    }
  });

  test('begins empty on memory that another window has given back', () => {
    const rings = new ReplayRings();
    const windows = Array.from({ length: 40 }, () => new ReplayWindow(rings));
    const fill = (window: ReplayWindow): void => {
      for (let counter = 0; counter < 4096; counter++) window.mark(counter);
      window.release();
    };
    for (const window of windows) fill(window);
    for (let i = 0; i < 40; i++) {
      const window = new ReplayWindow(rings);
      window.mark(2000);
      const refused = Array.from({ length: 2000 }, (_, counter) => counter).filter(
        (counter) => !window.accepts(counter),
      );
      expect(refused).toEqual([]);
    }
  });
});

describe('rings', () => {
  test('are taken again once they were given back: no more memory is used', () => {
    const rings = new ReplayRings();
    const ring = rings.take();
    rings.give(ring);
    const again = rings.take();
    expect([again.words === ring.words, again.start]).toEqual([true, ring.start]);
  });

  test('that are in use at a time share no word', () => {
    const rings = new ReplayRings();
    const taken = Array.from({ length: 50 }, () => rings.take());
    const places = taken.map(({ words, start }) => ({ words, start, end: start + 128 }));
    for (const [i, place] of places.entries()) {
      expect(place.end).toBeLessThanOrEqual(place.words.length);
      for (const other of places.slice(i + 1))
        if (other.words === place.words) expect(place.start >= other.end || other.start >= place.end).toBe(true);
    }
  });
});
