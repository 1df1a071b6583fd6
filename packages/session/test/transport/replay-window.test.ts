import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ReplayRings, ReplayWindow, WINDOW_COUNTERS } from '../../src/transport/replay-window.js';

/** Obviously right, and slow: remembers every counter. */
class RememberAll {
  readonly #seen = new Set<number>();
  #highest = -1;

  take(counter: number): boolean {
    if (counter <= this.#highest - WINDOW_COUNTERS || this.#seen.has(counter)) return false;
    this.#seen.add(counter);
    this.#highest = Math.max(this.#highest, counter);
    return true;
  }
}

function take(window: ReplayWindow, counter: number): boolean {
  if (!window.accepts(counter)) return false;
  window.mark(counter);
  return true;
}

describe('the replay window', () => {
  test('judges as one that remembers every counter, near and far, and when its memory was used before', () => {
    const rings = new ReplayRings();
    const step = fc.oneof(
      fc.nat(3),
      fc.nat(100),
      fc.nat(3 * WINDOW_COUNTERS),
      fc.integer({ min: -3 * WINDOW_COUNTERS, max: 0 }),
    );
    const start = fc.constantFrom(0, 31, 2 ** 31 - 100, 2 ** 32 - 100, 2 ** 52);
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 200 }), (first, steps) => {
        const window = new ReplayWindow(rings);
        const oracle = new RememberAll();
        let counter = first;
        for (const by of steps) {
          counter = Math.max(0, counter + by);
          expect(take(window, counter)).toBe(oracle.take(counter));
        }
        window.release();
      }),
      { numRuns: 500 },
    );
  });

  test('takes every one of 2,048 late packets once, and none that is later', () => {
    const window = new ReplayWindow(new ReplayRings());
    expect(take(window, 5000)).toBe(true);
    for (let counter = 5000 - WINDOW_COUNTERS + 1; counter < 5000; counter++) expect(take(window, counter)).toBe(true);
    for (let counter = 0; counter <= 5000; counter++) expect(take(window, counter)).toBe(false);
  });

  test('changes nothing by asking: only marking counts, so a forged packet cannot use a counter up', () => {
    const window = new ReplayWindow(new ReplayRings());
    expect(window.accepts(10)).toBe(true);
    expect(window.accepts(10)).toBe(true);
    expect(window.highest).toBe(-1);
  });
});
