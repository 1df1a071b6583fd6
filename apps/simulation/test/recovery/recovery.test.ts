import { describe, expect, test } from '@jest/globals';
import { loadPrimitives } from '@relay/session';
import { recover, type Recovery } from './recovery.js';

const CUT = { lossRate: 1 };
const WHOLE = { lossRate: 0 };
/** A fifth of all packets is lost in each direction, and packets overtake each other. */
const HOSTILE = { lossRate: 0.2, jitterMs: 60, reorderRate: 0.1, duplicateRate: 0.1 };
const DAY_MS = 86_400_000;
/** When keys are replaced, in ms after the begin of the session. */
const REKEY_MS = 120_000;

const RECOVERIES: readonly Recovery[] = [
  {
    name: 'the server was killed and is back',
    seeds: 150,
    withinMs: 1000,
    isLossless: true,
    happen: async (world) => {
      world.killServer();
      await world.pass(world.between(10, 5000));
      await world.startServer();
    },
  },
  {
    name: 'the server was killed and is back, and knows nothing of where its clients are',
    seeds: 100,
    withinMs: 1000,
    isLossless: true,
    happen: async (world) => {
      world.killServerThatWroteNothing();
      await world.pass(world.between(10, 5000));
      await world.startServer();
    },
  },
  {
    name: 'the client has another address or other ports',
    seeds: 120,
    withinMs: 1000,
    isLossless: true,
    happen: async (world) => {
      if (world.random.chance(0.5)) world.moveClient();
      else world.rebindClient();
      await world.pass(0);
    },
  },
  {
    name: 'the client changes its address every second',
    seeds: 40,
    withinMs: 1000,
    isLossless: true,
    happen: async (world) => {
      for (let i = 0; i < 10; i++) {
        world.moveClient();
        world.rebindClient();
        await world.pass(world.between(200, 1800));
      }
    },
  },
  {
    name: 'the path was cut for 30 s',
    seeds: 60,
    withinMs: 1000,
    isLossless: true,
    happen: async (world) => {
      world.setPath(CUT);
      await world.pass(30_000);
      world.setPath(WHOLE);
    },
  },
  {
    name: 'keys are replaced, and nothing else happens',
    seeds: 15,
    withinMs: 1000,
    isLossless: true,
    everyMs: 300,
    happen: async (world) => {
      await world.pass(REKEY_MS - 10_000);
      const fromMs = world.nowMs;
      await world.pass(20_000);
      // This also covers the time while it happened.
      expect(world.application.journal.longestGapMs('back', fromMs, world.nowMs)).toBeLessThan(500);
      expect(world.application.journal.lost(fromMs, world.nowMs - 500)).toEqual([]);
      expect(world.trace.filter((line) => line.endsWith('client rekeyed'))).toHaveLength(1);
    },
  },
  {
    name: 'the server was killed while keys were to be replaced',
    seeds: 15,
    withinMs: 1000,
    isLossless: true,
    everyMs: 300,
    happen: async (world) => {
      await world.pass(REKEY_MS - world.nowMs + world.between(-1000, 1000));
      world.killServer();
      await world.pass(world.between(10, 3000));
      await world.startServer();
    },
  },
  {
    name: 'wall clocks jumped by up to a day either way, and the server was killed',
    seeds: 60,
    withinMs: 1000,
    isLossless: true,
    happen: async (world) => {
      for (let i = 0; i < 3; i++) {
        world.client.machine.wallErrorMs = world.between(-DAY_MS, DAY_MS);
        world.server.machine.wallErrorMs = world.between(-DAY_MS, DAY_MS);
        await world.pass(world.between(100, 2000));
      }
      world.killServer();
      await world.pass(world.between(10, 3000));
      await world.startServer();
    },
  },
  {
    // A lost path is noticed after 3 s, and names are looked up 3 s later.
    name: 'the server runs at another address, where its name leads now',
    seeds: 60,
    withinMs: 7000,
    isLossless: true,
    happen: async (world) => {
      world.killServer();
      await world.pass(10);
      await world.startServer(1);
    },
  },
  {
    name: 'the network is hostile, the client moves and the server was killed',
    seeds: 60,
    withinMs: 10_000,
    isLossless: false,
    path: HOSTILE,
    happen: async (world) => {
      world.moveClient();
      await world.pass(world.between(0, 3000));
      world.killServer();
      await world.pass(world.between(10, 5000));
      await world.startServer();
      world.rebindClient();
    },
  },
];

describe('traffic goes on and every datagram is counted', () => {
  test.each(RECOVERIES)('within $withinMs ms when $name ($seeds seeds)', async (recovery) => {
    const primitives = await loadPrimitives();
    const worst = { gapMs: 0, seed: 0 };
    for (let seed = 1; seed <= recovery.seeds; seed++) {
      const gaps = await recover(recovery, primitives, seed);
      const gapMs = Math.round(Math.max(gaps.there, gaps.back));
      if (gapMs > worst.gapMs) Object.assign(worst, { gapMs, seed });
    }
    console.info(`${recovery.name}: longest gap ${worst.gapMs} ms (seed ${worst.seed})`);
    expect(worst.gapMs).toBeLessThan(recovery.withinMs);
  });
});
