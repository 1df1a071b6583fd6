import { describe, expect, test } from '@jest/globals';
import { guarded, repeat } from '../src/index.js';

/** A log that keeps the errors that it gets. */
class Faults {
  readonly entries: [string, unknown][] = [];
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  error(message: string, fields?: object): void {
    this.entries.push([message, fields]);
    if (this.#waiting !== undefined && this.entries.length >= this.#waiting.count) this.#waiting.resolve();
  }

  until(count: number): Promise<void> {
    return new Promise((resolve) => (this.#waiting = { count, resolve }));
  }
}

const broken = new Error('it broke');
const entry = ['the look failed', { error: broken }];

describe('guarded work', () => {
  test('gets the arguments of its caller', () => {
    const log = new Faults();
    const seen: [string, number][] = [];
    guarded(log, 'the look', (name: string, count: number) => seen.push([name, count]))('a', 1);
    expect(seen).toEqual([['a', 1]]);
    expect(log.entries).toEqual([]);
  });

  test('logs an error if it throws', () => {
    const log = new Faults();
    guarded(log, 'the look', () => {
      throw broken;
    })();
    expect(log.entries).toEqual([entry]);
  });

  test('logs an error, and leaves no unhandled rejection, if it rejects', async () => {
    const log = new Faults();
    const failed = log.until(1);
    guarded(log, 'the look', () => Promise.reject(broken))();
    await failed;
    expect(log.entries).toEqual([entry]);
  });
});

describe('periodic work', () => {
  test('runs again after a failure, until it is ended', async () => {
    const log = new Faults();
    const failed = log.until(3);
    const end = repeat(log, 'the look', 1, () => {
      throw broken;
    });
    await failed;
    end();
    const count = log.entries.length;
    await new Promise((resolve) => setTimeout(resolve, 10)); // ten times its interval
    expect(log.entries).toEqual(Array.from({ length: count }, () => entry));
  });

  test('does not run at once if its interval is longer than a timer allows', async () => {
    const log = new Faults();
    let calls = 0;
    const end = repeat(log, 'the look', 2 ** 31, () => calls++);
    await new Promise((resolve) => setTimeout(resolve, 10)); // an overflowing timer fires after one ms
    end();
    expect(calls).toBe(0);
  });
});
