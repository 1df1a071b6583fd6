import { expect, test } from '@jest/globals';
import { DROP, DROP_REASONS, DropCounters, dropCode, dropReasonOf } from '../src/index.js';

test.each(DROP_REASONS)('the drop reason %s has a negative code that leads back to it', (reason) => {
  expect(dropCode(reason)).toBeLessThan(0);
  expect(dropReasonOf(dropCode(reason))).toBe(reason);
  expect(reason).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});

test('codes of drop reasons count down from -1 in the order of their words', () => {
  expect(Object.values(DROP)).toEqual(DROP_REASONS.map((_, i) => -1 - i));
  expect([dropReasonOf(DROP.badMac1), dropReasonOf(DROP.kernelBufferFull)]).toEqual(['bad-mac1', 'kernel-buffer-full']);
});

test('each drop reason occurs once', () => {
  expect(new Set(DROP_REASONS).size).toBe(DROP_REASONS.length);
});

test.each([0, 1, 0.5, -DROP_REASONS.length - 1, Number.NaN])('%d is no code of a drop reason', (code) => {
  expect(() => dropReasonOf(code)).toThrow(RangeError);
  expect(() => new DropCounters().count(code)).toThrow(RangeError);
});

test('drop counters add up by reason and in total', () => {
  const drops = new DropCounters();
  drops.count(dropCode('replayed'));
  drops.count(dropCode('queue-full'), 41);
  const more = new DropCounters();
  more.count(dropCode('replayed'), 2);
  drops.add(more);
  expect(drops.of('replayed')).toBe(3);
  expect(drops.of('closed')).toBe(0);
  expect(drops.total).toBe(44);
  expect(JSON.parse(JSON.stringify(drops))).toEqual({ replayed: 3, 'queue-full': 41 });
});
