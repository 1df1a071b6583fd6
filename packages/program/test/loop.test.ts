import { describe, expect, test } from '@jest/globals';
import { Loop, monotonicMs, thisMachine, type LoopWork } from '../src/index.js';

/** Work that records what the loop asked of it. */
class Work implements LoopWork {
  dueMs = Infinity;
  flushes = 0;
  readonly dues: number[] = [];
  readonly faults: unknown[] = [];
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

  failed(error: unknown): void {
    this.faults.push(error);
    this.#called?.();
  }

  nextCall(): Promise<void> {
    return new Promise((resolve) => (this.#called = resolve));
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Loop', () => {
  test('sends at once after settle, and once per turn after settleSoon', async () => {
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

  test('wakes at a deadline, not before, and then sends', async () => {
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

  test('wakes first for an earlier deadline', async () => {
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

  test('handles an overdue deadline at once', async () => {
    const work = new Work();
    const loop = new Loop(work, thisMachine);
    work.dueMs = -Infinity;
    const called = work.nextCall();
    loop.settle();
    await called;
    expect(work.dues).toHaveLength(1);
    loop.close();
  });

  test('sends a last time when it is closed, and does nothing after', async () => {
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

  test('stays closed if it is closed while it handles a deadline', async () => {
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

  test('goes on after a deadline that throws: it still sends, and tries again after a rest', async () => {
    const work = new (class extends Work {
      override due(nowMs: number): void {
        this.dues.push(nowMs);
        throw new Error('it stays due');
      }
    })();
    const loop = new Loop(work, thisMachine);
    work.dueMs = 0;
    const failed = work.nextCall();
    loop.settle();
    await failed;
    const again = work.nextCall();
    await again;
    const [first = 0, second = 0] = work.dues;
    expect(second - first).toBeGreaterThanOrEqual(99); // not one turn of the event loop later
    expect(work.flushes).toBeGreaterThanOrEqual(2);
    expect(work.faults).toEqual(work.dues.map(() => new Error('it stays due')));
    loop.close();
  });

  test('goes on if a flush throws at the end of a turn', async () => {
    const work = new (class extends Work {
      override flush(): void {
        super.flush();
        if (this.flushes === 1) throw new Error('not now');
      }
    })();
    const loop = new Loop(work, thisMachine);
    const failed = work.nextCall();
    loop.settleSoon();
    await failed;
    expect(work.faults).toEqual([new Error('not now')]);
    work.dueMs = 0;
    const called = work.nextCall();
    loop.settle();
    await called;
    expect(work.dues).toHaveLength(1);
    loop.close();
  });
});
