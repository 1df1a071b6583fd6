import { expect, test } from '@jest/globals';
import { coalesced } from '../src/index.js';

type End = (outcome: number | Error) => void;

/** Work whose runs end as the test says. */
function stage() {
  const ends: End[] = [];
  const run = coalesced(
    () =>
      new Promise<number>((resolve, reject) => {
        ends.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
      }),
  );
  return { ends, run };
}

test('coalesced work that is asked for while it runs is done once more, for all who ask', async () => {
  const { ends, run } = stage();
  const first = run();
  const later = [run(), run(), run()];
  expect(ends).toHaveLength(1);
  ends[0]?.(1);
  expect(await first).toBe(1);
  await Promise.resolve();
  ends[1]?.(2);
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
  expect(ends).toHaveLength(2);
});

test('coalesced work that failed is done again, and each caller has the outcome of its run', async () => {
  const { ends, run } = stage();
  const [first, second] = [run(), run()];
  ends[0]?.(new Error('away'));
  await expect(first).rejects.toThrow('away');
  const third = run(); // before the second run is over
  ends[1]?.(2);
  expect(await second).toBe(2);
  ends[2]?.(3);
  expect(await third).toBe(3);
  void run();
  expect(ends).toHaveLength(4);
});
