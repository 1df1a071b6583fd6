import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IdleQueue } from '../../src/flow/idle-queue.js';

let expired: number[] = [];

class Entry {
  readonly name: number;
  lastActivityMs: number;
  readonly idleMs: number;

  constructor({ name, lastActivityMs, idleMs }: { name: number; lastActivityMs: number; idleMs: number }) {
    this.name = name;
    this.lastActivityMs = lastActivityMs;
    this.idleMs = idleMs;
  }

  expire(): void {
    expired.push(this.name);
  }
}

const expiredNames = (queue: IdleQueue, nowMs: number): number[] => {
  expired = [];
  queue.expire(nowMs);
  return expired;
};

describe('IdleQueue', () => {
  test('an entry expires within a quarter of a second of its time, and not before', () => {
    const queue = new IdleQueue();
    queue.add(new Entry({ name: 1, lastActivityMs: 100, idleMs: 1000 }));
    expect(expiredNames(queue, 1099)).toEqual([]);
    expect(expiredNames(queue, 1350)).toEqual([1]);
    expect(queue.size).toBe(0);
    expect(queue.nextExpiryMs).toBe(Infinity);
  });

  test('an entry without a time never expires, and delays no other', () => {
    const queue = new IdleQueue();
    const forever = new Entry({ name: 1, lastActivityMs: 100, idleMs: Infinity });
    queue.add(forever);
    expect(queue.nextExpiryMs).toBe(Infinity);
    queue.add(new Entry({ name: 2, lastActivityMs: 100, idleMs: 1000 }));
    expect(queue.nextExpiryMs).toBeLessThanOrEqual(1350);
    expect(expiredNames(queue, 1e12)).toEqual([2]);
    expect(queue.remove(forever)).toBe(true);
    expect(queue.size).toBe(0);
  });

  test('activity puts the expiry off', () => {
    const queue = new IdleQueue();
    const entry = new Entry({ name: 1, lastActivityMs: 0, idleMs: 1000 });
    queue.add(entry);
    entry.lastActivityMs = 900;
    expect(expiredNames(queue, 1500)).toEqual([]);
    expect(expiredNames(queue, 2000)).toEqual([1]);
  });

  test('a removed entry never expires, and removing it again says so', () => {
    const queue = new IdleQueue();
    const entry = new Entry({ name: 1, lastActivityMs: 0, idleMs: 1000 });
    queue.add(entry);
    expect(queue.remove(entry)).toBe(true);
    expect(queue.remove(entry)).toBe(false);
    expect(expiredNames(queue, 10_000)).toEqual([]);
  });

  test('agrees with looking at every entry, over any history of additions, activity and removals', () => {
    const step = fc.record({
      action: fc.constantFrom('add', 'touch', 'remove', 'wait'),
      name: fc.nat(7),
      ms: fc.integer({ min: 0, max: 3000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new IdleQueue();
        const alive = new Map<number, Entry>();
        let nowMs = 0;
        for (const { action, name, ms } of steps) {
          const entry = alive.get(name);
          if (action === 'add' && entry === undefined) {
            const added = new Entry({ name, lastActivityMs: nowMs, idleMs: 250 + ms });
            alive.set(name, added);
            queue.add(added);
          } else if (action === 'touch' && entry !== undefined) entry.lastActivityMs = nowMs;
          else if (action === 'remove' && entry !== undefined) {
            queue.remove(entry);
            alive.delete(name);
          } else if (action === 'wait') {
            nowMs += ms;
            for (const gone of expiredNames(queue, nowMs)) {
              const idled = alive.get(gone);
              expect(idled).toBeDefined();
              if (idled !== undefined) expect(idled.lastActivityMs + idled.idleMs).toBeLessThanOrEqual(nowMs);
              alive.delete(gone);
            }
            for (const { lastActivityMs, idleMs } of alive.values())
              expect(lastActivityMs + idleMs).toBeGreaterThan(nowMs - 250);
          }
          expect(queue.size).toBe(alive.size);
        }
      }),
    );
  });
});
