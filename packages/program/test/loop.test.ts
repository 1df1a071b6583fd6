import { describe, expect, test } from '@jest/globals';
import { Loop, monotonicMs, thisMachine, type LoopWork } from '../src/index.js';

/** Work that remembers what the loop asked of it. */
class Work implements LoopWork {
  dueMs = Infinity;
  flushes = 0;
  readonly dues: number[] = [];
  #called: (() => void) | undefined;

  nextDueMs(): number {
    return this.dueMs;
  }

  due(nowMs: number): void {
    this.dues.push(nowMs);
    this.dueMs = Infinity;
    this.#called?.();
  }

  flush(): void {
    this.flushes++;
  }

  nextCall(): Promise<void> {
    return new Promise((resolve) => (this.#called = resolve));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Loop', () => {
  test('sends at once when settled, and once per turn when settled soon', async () => {
    const work = new Work();
    const loop = new Loop(work, thisMachine);
    loop.settle();
    expect(work.flushes).toBe(1);
    for (let i = 0; i < 10; i++) loop.settleSoon();
    expect(work.flushes).toBe(1);
    await turn();
    expect(work.flushes).toBe(2);
    loop.settleSoon();
    await turn();
    expect(work.flushes).toBe(3);
    loop.close();
  });

  test('wakes when something is due, not before, and sends then', async () => {
    const work = new Work();
    const loop = new Loop(work, thisMachine);
    const early: number[] = [];
    for (let deadlines = 0; deadlines < 200; deadlines++) {
      const dueMs = (work.dueMs = monotonicMs() + 1 + Math.random() * 3);
      const called = work.nextCall();
      loop.settle();
      await called;
      const [wokenMs = 0] = work.dues.splice(0);
      if (wokenMs < dueMs) early.push(dueMs - wokenMs);
    }
    expect(early).toEqual([]);
    expect(work.flushes).toBeGreaterThanOrEqual(200);
    loop.close();
  });

  test('an earlier deadline comes first', async () => {
    const work = new Work();
    const loop = new Loop(work, thisMachine);
    work.dueMs = monotonicMs() + 3_600_000;
    loop.settle();
    work.dueMs = monotonicMs() + 5;
    const called = work.nextCall();
    loop.settle();
    await called;
    expect(work.dues).toHaveLength(1);
    loop.close();
  });

  test('what is overdue is done at once', async () => {
    const work = new Work();
    const loop = new Loop(work, thisMachine);
    work.dueMs = -Infinity;
    const called = work.nextCall();
    loop.settle();
    await called;
    expect(work.dues).toHaveLength(1);
    loop.close();
  });

  test('sends a last time when closed, and does nothing after', async () => {
    const work = new Work();
    const loop = new Loop(work, thisMachine);
    work.dueMs = monotonicMs() + 5;
    loop.settle();
    loop.settleSoon();
    loop.close();
    expect(work.flushes).toBe(2);
    loop.settle();
    loop.settleSoon();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect([work.flushes, work.dues]).toEqual([2, []]);
  });

  test('one that is closed while something is due stays closed', async () => {
    const work = new Work();
    const loop = new Loop(work, thisMachine);
    work.dueMs = monotonicMs();
    const called = work.nextCall().then(() => (work.dueMs = monotonicMs() + 1));
    work.due = (nowMs) => {
      Work.prototype.due.call(work, nowMs);
      loop.close();
    };
    loop.settle();
    await called;
    await turn();
    expect(work.dues).toHaveLength(1);
  });
});
