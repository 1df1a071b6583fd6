import { describe, expect, test } from '@jest/globals';
import { loadPrimitives } from '@relay/session';
import { recover, type Recovery } from './recovery.js';
import type { Direction } from '../world/world.js';

/**
 * When a client knows of the cut at the latest, in ms after the cut. That is 3 s after its first
 * lost datagram, and it sends one every 100 ms.
 */
const NOTICED_MS = 3100;
const SEEDS = 20;

const cutOneWay = (direction: Direction, noticed: number[]): Recovery => ({
  name: `the path ${direction} was cut for 30 s`,
  seeds: SEEDS,
  withinMs: 1000,
  isLossless: true,
  happen: async (world) => {
    const cutMs = world.nowMs;
    world.setPath({ lossRate: 1 }, direction);
    await world.pass(30_000);
    world.setPath({ lossRate: 0 });
    const lost = world.trace.filter((line) => line.endsWith('client path-lost'));
    noticed.push(lost.map((line) => parseFloat(line) - cutMs).find((ms) => ms >= 0) ?? Infinity);
  },
});

describe('a path that is cut in one direction only', () => {
  test.each(['to client', 'to server'] as const)(
    'is noticed within 3 s of the first lost datagram, %s, and traffic goes on within a second of its return',
    async (direction) => {
      const primitives = await loadPrimitives();
      const noticed: number[] = [];
      const recovery = cutOneWay(direction, noticed);
      let worstMs = 0;
      for (let seed = 1; seed <= recovery.seeds; seed++) {
        const gaps = await recover(recovery, primitives, seed);
        worstMs = Math.max(worstMs, gaps.there, gaps.back);
      }
      const noticedMs = Math.max(...noticed);
      console.info(`${recovery.name}: noticed after ${noticedMs} ms, longest gap ${worstMs} ms`);
      expect(worstMs).toBeLessThan(recovery.withinMs);
      expect(noticedMs).toBeLessThan(NOTICED_MS);
    },
  );
});
