import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Deadlines, type Sleeper } from '../src/deadlines.js';

class Numbered implements Sleeper {
  deadlineMs = Infinity;
  deadlineIndex = -1;
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }
}

const action = fc.record({ who: fc.nat(15), what: fc.constantFrom('wakeBy', 'remove', 'wakeDue'), atMs: fc.nat(1000) });

test('sleepers wake when a plain list of deadlines says so, each once', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const deadlines = new Deadlines<Numbered>();
      const sleepers = Array.from({ length: 16 }, (_, number) => new Numbered(number));
      const model = new Map<number, number>();
      for (const { who, what, atMs } of actions) {
        const sleeper = sleepers[who];
        if (sleeper === undefined) continue;
        if (what === 'wakeBy') {
          deadlines.wakeBy(sleeper, atMs);
          model.set(who, Math.min(atMs, model.get(who) ?? Infinity));
        } else if (what === 'remove') {
          deadlines.remove(sleeper);
          model.delete(who);
        } else {
          const woken: number[] = [];
          deadlines.wakeDue(atMs, ({ number }) => woken.push(number));
          const due = [...model].filter(([, deadlineMs]) => deadlineMs <= atMs).map(([number]) => number);
          expect([...woken].sort()).toEqual(due.sort());
          for (const number of due) model.delete(number);
        }
        expect(deadlines.nextMs).toBe(Math.min(Infinity, ...model.values()));
      }
    }),
  );
});

test('a sleeper that wants to be woken at once again is woken next time, so that waking ends', () => {
  const deadlines = new Deadlines<Numbered>();
  const sleeper = new Numbered(0);
  deadlines.wakeBy(sleeper, 5);
  let woken = 0;
  deadlines.wakeDue(10, () => {
    woken++;
    deadlines.wakeBy(sleeper, 0);
  });
  expect([woken, deadlines.nextMs]).toEqual([1, 0]);
});
