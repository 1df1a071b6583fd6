import { describe, expect, test } from '@jest/globals';
import { PathWatch } from '../../src/session/path-watch.js';

/** Sent under counter 7 at 1,000 ms: the clock runs. */
function waiting(): PathWatch {
  const watch = new PathWatch();
  expect(watch.expectAnswer(7, 1000)).toBe(true);
  return watch;
}

/**
 * Wakes the watch whenever it wants to be, up to this time. Returns what it said, with the times.
 */
function untilMs(watch: PathWatch, endMs: number): [number, string][] {
  const said: [number, string][] = [];
  while (watch.nextProbeMs <= endMs) {
    const nowMs = watch.nextProbeMs;
    said.push([nowMs, watch.probe(nowMs)]);
  }
  return said;
}

describe('the watch over a path', () => {
  test('asks 500 ms after the first packet that wants an answer, every 250 ms then, and gives up at 3,000 ms', () => {
    const watch = waiting();
    expect(watch.probe(1499)).toBe('nothing');
    const said = untilMs(watch, 4000);
    expect(said[0]).toEqual([1500, 'ping']);
    expect(said.slice(0, -1).every(([, what]) => what === 'ping')).toBe(true);
    expect(said).toHaveLength(11);
    expect(said.at(-1)).toEqual([4000, 'lost']);
    expect(watch.isLost).toBe(true);
  });

  test('counts from the first unproven packet, not from the newest', () => {
    const watch = waiting();
    for (let counter = 8; counter < 100; counter++) expect(watch.expectAnswer(counter, 1000 + counter)).toBe(false);
    expect(untilMs(watch, 4000).at(-1)).toEqual([4000, 'lost']);
  });

  test('goes on asking on a lost path: every 500 ms for a minute, every 2 s then', () => {
    const watch = waiting();
    untilMs(watch, 4000);
    const [first = 0, second = 0] = untilMs(watch, 5000).map(([ms]) => ms);
    expect([first, second]).toEqual([4500, 5000]);
    untilMs(watch, 61_000);
    const late = untilMs(watch, 70_000).map(([ms]) => ms);
    expect(late.slice(1).map((ms, i) => ms - (late[i] ?? 0))).toEqual([2000, 2000, 2000]);
  });

  test.each([
    ['sent when the clock started', 1000, true],
    ['sent a microsecond before, as rounding makes it', 999.9995, true],
    ['sent before', 999, false],
  ])('takes the arrival of what was %s as proof: %s', (_name, sentMs, isProof) => {
    const watch = waiting();
    watch.proven(sentMs);
    expect(watch.nextProbeMs).toBe(isProof ? Infinity : 1500);
  });

  test('counts from what was proven, if more was sent since', () => {
    const watch = waiting();
    expect(untilMs(watch, 1500)).toEqual([[1500, 'ping']]);
    watch.expectAnswer(8, 1500);
    watch.expectAnswer(9, 1600);
    watch.proven(1500);
    expect(watch.nextProbeMs).toBe(2000);
    expect(untilMs(watch, 4500).at(-1)).toEqual([4500, 'lost']);
  });

  test('never asks more often than every 250 ms, however long a round trip takes', () => {
    const watch = waiting();
    untilMs(watch, 2900); // the last ping was sent at 2,750 ms
    watch.expectAnswer(20, 2900);
    watch.proven(1500);
    expect(watch.nextProbeMs).toBe(3000);
  });

  test.each([
    [11, false],
    [12, true],
    [13, true],
  ])('takes a report of counter %d as proof of the ping under counter 12: %s', (counter, isProof) => {
    const watch = waiting();
    watch.probe(1500);
    watch.expectAnswer(12, 1500);
    watch.provenByCounter(counter);
    expect(watch.nextProbeMs).toBe(isProof ? Infinity : 1750);
  });

  test('takes no report as proof before it has asked, or once other keys seal', () => {
    const watch = waiting();
    watch.provenByCounter(1e12);
    expect(watch.nextProbeMs).toBe(1500);
    watch.probe(1500);
    watch.expectAnswer(12, 1500);
    watch.forgetCounters();
    watch.provenByCounter(1e12);
    expect(watch.nextProbeMs).toBe(1750);
  });

  test('takes nothing as proof while its clock stands', () => {
    const watch = new PathWatch();
    expect([watch.proven(1e12), watch.provenByCounter(1e12)]).toEqual([false, false]);
    expect(watch.nextProbeMs).toBe(Infinity);
  });

  test('is quiet after a proof until the next packet that wants an answer', () => {
    const watch = waiting();
    expect(watch.proven(1000)).toBe(false);
    expect(watch.nextProbeMs).toBe(Infinity);
    expect(watch.expectAnswer(9, 2000)).toBe(true);
    expect(watch.nextProbeMs).toBe(2500);
  });

  test('says that a proof ended the loss, once', () => {
    const watch = waiting();
    untilMs(watch, 4000);
    expect([watch.proven(3800), watch.isLost, watch.proven(3800)]).toEqual([true, false, false]);
  });

  test('asks at once when something comes on a lost path, and not more often than every 250 ms', () => {
    const watch = waiting();
    expect(watch.heard(1100)).toBe(false);
    expect(watch.nextProbeMs).toBe(1500);
    untilMs(watch, 80_000);
    const lastMs = watch.nextProbeMs - 2000;
    expect(watch.heard(lastMs + 10)).toBe(true);
    expect(watch.nextProbeMs).toBe(lastMs + 250);
    expect(watch.heard(lastMs + 20)).toBe(false);
    expect(watch.probe(lastMs + 250)).toBe('ping');
    expect(watch.heard(lastMs + 900)).toBe(true);
    expect(watch.nextProbeMs).toBe(lastMs + 900);
  });
});
