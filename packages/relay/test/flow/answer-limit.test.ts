import { expect, test } from '@jest/globals';
import { AnswerLimit } from '../../src/ends/flow-notices.js';

test('a thousand answers go out in a second, and the next second brings as many', () => {
  const limit = new AnswerLimit();
  const given = (nowMs: number): number => Array.from({ length: 5000 }, () => limit.take(nowMs)).filter(Boolean).length;
  expect(given(10)).toBe(1000);
  expect(given(1009)).toBe(0);
  expect(given(1010)).toBe(1000);
});
