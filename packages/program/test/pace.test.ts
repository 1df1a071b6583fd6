import { describe, expect, test } from '@jest/globals';
import { Pace } from '../src/index.js';

/** An event loop on which each turn has to be asked for. */
class Stage {
  nowMs = 1000;
  turns = 0;
  readonly #later: (() => void)[] = [];
  readonly pace = new Pace({
    clock: () => this.nowMs,
    soon: (run) => {
      this.#later.push(run);
      return () => undefined;
    },
  });

  /** Works in pieces of so many ms. */
  async work(pieces: number, pieceMs: number): Promise<void> {
    for (let i = 0; i < pieces; i++) {
      await this.pace.turn();
      this.nowMs += pieceMs;
    }
  }

  /** Runs turns until the work is done. Returns the longest of them, ms. */
  async longestTurn(work: Promise<unknown>): Promise<number> {
    let [isDone, longestMs] = [false, 0];
    void work.then(() => (isDone = true));
    while (!isDone) {
      const startMs = this.nowMs;
      for (const run of this.#later.splice(0)) run();
      await new Promise((resolve) => setImmediate(resolve));
      longestMs = Math.max(longestMs, this.nowMs - startMs);
      this.turns++;
    }
    return longestMs;
  }
}

describe('a pace', () => {
  test('lets everything else have a turn after each 2 ms of work', async () => {
    const stage = new Stage();
    expect(await stage.longestTurn(stage.work(1000, 0.5))).toBeLessThanOrEqual(2.5);
    expect(stage.turns).toBeGreaterThan(200);
  });

  test('is shared: many who begin at the same time have few pieces in a turn, and then one has it', async () => {
    const stage = new Stage();
    const all = Promise.all(Array.from({ length: 20 }, () => stage.work(50, 0.5)));
    expect(await stage.longestTurn(all)).toBeLessThanOrEqual(16 * 0.5 + 2.5);
    expect(stage.nowMs).toBe(1000 + 20 * 50 * 0.5);
  });

  test('lets work that is short go on at once after its first turn', async () => {
    const stage = new Stage();
    await stage.longestTurn(stage.work(4, 0.4));
    expect(stage.turns).toBeLessThanOrEqual(2);
  });
});
