import { expect, test } from '@jest/globals';
import { AnswerLimit } from '../../src/ends/flow-notices.js';

test('a thousand answers go out in a second, and the next second brings as many', () => {
  const limit = new AnswerLimit();
  const given = (nowMs: number): number =>
    Array.from({ length: 5000 }, () => limit.take(20, nowMs)).filter(Boolean).length;
  expect(given(10)).toBe(1000);
  expect(given(1009)).toBe(0);
  expect(given(1010)).toBe(1000);
});

test('answers take at most three bytes for each byte that asked for them, beside the first ones', () => {
  const limit = new AnswerLimit();
  let given = 0;
  for (let asked = 0; asked < 700; asked++) if (limit.take(5, asked)) given++;
  expect(given * 40).toBeLessThanOrEqual(4096 + 3 * 5 * 700);
  expect(given).toBeGreaterThan(250);
});
