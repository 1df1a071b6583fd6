import { expect, test } from '@jest/globals';
import type { NameAnswer } from '@relay/program';
import { MemoryClock } from '@relay/socket/testing';
import { ClientNames, type ClientNameAnswer } from '../../src/requests/client-names.js';

const ADDRESSES = ['192.0.2.7'];

/** Name servers that answer after some ms, and never for names that begin with `slow`. */
class Stage {
  readonly clock = new MemoryClock();
  readonly asked: string[] = [];
  readonly names: ClientNames;
  underWay = 0;
  mostUnderWay = 0;
  answer: NameAnswer = { addresses: ADDRESSES, ttlMs: 60_000 };

  constructor(answerMs = 10) {
    this.names = new ClientNames({
      clock: () => this.clock.nowMs,
      schedule: (delayMs, run) => this.clock.schedule(delayMs, run),
      queryName: (name, withinMs) => {
        this.asked.push(name);
        this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
        return new Promise((resolve) => {
          const isSlow = name.startsWith('slow');
          this.clock.schedule(isSlow ? withinMs : answerMs, () => {
            this.underWay--;
            resolve(isSlow ? 'unavailable' : this.answer);
          });
        });
      },
    });
  }

  /** Asks, and takes note of the answer and of its time. */
  ask(client: string, name: string): { answer?: ClientNameAnswer; atMs?: number } {
    const noted: { answer?: ClientNameAnswer; atMs?: number } = {};
    void this.names.ask(client, name).then((answer) => Object.assign(noted, { answer, atMs: this.clock.nowMs }));
    return noted;
  }

  async pass(ms: number): Promise<void> {
    for (let i = 0; i < ms; i++) {
      this.clock.advance(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test('a client has 8 names looked up at a time, and is refused more until one is answered', async () => {
  const stage = new Stage();
  const noted = Array.from({ length: 12 }, (_, i) => stage.ask('mallory', `slow${i}.test`));
  await stage.pass(1);
  expect(noted.map(({ answer }) => answer)).toEqual(
    Array.from({ length: 12 }, (_, i) => (i < 8 ? undefined : 'limit')),
  );
  await stage.pass(3010);
  expect(noted.slice(0, 8).map(({ answer }) => answer)).toEqual(Array(8).fill('unavailable'));
  const later = stage.ask('mallory', 'fast.test');
  await stage.pass(20);
  expect(later.answer).toMatchObject({ addresses: ADDRESSES });
});

test('names that nobody answers delay the name of another client by no more than a look-up', async () => {
  const stage = new Stage();
  for (let client = 0; client < 100; client++)
    for (let i = 0; i < 8; i++) stage.ask(`mallory${client}`, `slow${client}-${i}.test`);
  await stage.pass(1);
  const [quiet, again] = [stage.ask('alice', 'a.test'), stage.ask('bob', 'b.test')];
  await stage.pass(3100);
  expect(stage.mostUnderWay).toBe(32);
  expect([quiet.answer, again.answer]).not.toContain('limit');
  // Who has none under way is before those who have some.
  await stage.pass(3100);
  const late = stage.ask('alice', 'c.test');
  await stage.pass(20);
  expect(late.answer).toMatchObject({ addresses: ADDRESSES });
});

test('one client with many silent names leaves room, and another is answered at once', async () => {
  const stage = new Stage();
  for (let i = 0; i < 256; i++) stage.ask('mallory', `slow${i}.test`);
  const noted = stage.ask('alice', 'fast.test');
  await stage.pass(20);
  expect(noted).toMatchObject({ answer: { addresses: ADDRESSES }, atMs: 10 });
});

test('equal names share one look-up, whatever their case and final dot', async () => {
  const stage = new Stage();
  const noted = ['fast.test', 'FAST.test', 'fast.test.'].map((name, i) => stage.ask(`client${i}`, name));
  await stage.pass(20);
  expect(stage.asked).toEqual(['fast.test']);
  for (const { answer } of noted) expect(answer).toEqual({ addresses: ADDRESSES, ttlMs: 60_000 });
});

test('an answer is used again for its time, with the time that is left', async () => {
  const stage = new Stage();
  stage.ask('alice', 'fast.test');
  await stage.pass(1010);
  const again = stage.ask('bob', 'fast.test');
  await stage.pass(1);
  expect(again.answer).toEqual({ addresses: ADDRESSES, ttlMs: 59_000 });
  stage.clock.advance(60_000);
  stage.ask('bob', 'fast.test');
  expect(stage.asked).toEqual(['fast.test', 'fast.test']);
});

test('a time of an answer is kept between 5 s and 5 min', async () => {
  for (const [ttlMs, keptMs] of [
    [0, 5000],
    [1e9, 300_000],
  ] as const) {
    const stage = new Stage();
    stage.answer = { addresses: ADDRESSES, ttlMs };
    const noted = stage.ask('alice', 'fast.test');
    await stage.pass(20);
    expect(noted.answer).toEqual({ addresses: ADDRESSES, ttlMs: keptMs });
  }
});

test('a name that is not there is looked up again after 5 s', async () => {
  const stage = new Stage();
  stage.answer = 'not-found';
  const noted = stage.ask('alice', 'none.test');
  await stage.pass(20);
  stage.ask('alice', 'none.test');
  expect([noted.answer, stage.asked.length]).toEqual(['not-found', 1]);
  stage.clock.advance(5000);
  stage.ask('alice', 'none.test');
  expect(stage.asked).toHaveLength(2);
});

test('the end answers all questions at once', async () => {
  const stage = new Stage();
  const noted = Array.from({ length: 40 }, (_, i) => stage.ask(`client${i}`, `slow${i}.test`));
  stage.names.close();
  await stage.pass(1);
  expect(noted.map(({ answer }) => answer)).toEqual(Array(40).fill('unavailable'));
});
