import { describe, expect, test } from '@jest/globals';
import { loadPrimitives } from '@relay/session';
import { World } from '../world/world.js';
import { Crowd } from './crowd.js';

const SEEDS = 60;
const CROWD = 1500;

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;

describe('a server that was killed and is back wakes its clients', () => {
  test(`so that an idle one has a session within 1 s (${SEEDS} seeds)`, async () => {
    const primitives = await loadPrimitives();
    let worstMs = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = await World.open({ seed, primitives });
      await world.pass(1000);
      world.application.stop();
      await world.pass(3000 + world.between(0, 20_000));
      world.killServer();
      await world.pass(world.between(10, 5000));
      const startedMs = world.nowMs;
      await world.startServer();
      await world.pass(1000);
      const [line = ''] = world.trace.filter((one) => one.endsWith('server connected')).slice(-1);
      const backMs = parseFloat(line) - startedMs;
      expect({ seed, backMs, faults: world.server.faults }).toEqual({ seed, backMs: Math.abs(backMs), faults: [] });
      worstMs = Math.max(worstMs, backMs);
    }
    console.info(`an idle client has a session ${worstMs} ms after the start of the server at the latest`);
    expect(worstMs).toBeLessThan(1000);
  });

  test(`so that all of ${CROWD} behind one address have sessions within 1 s, and none needs a cookie`, async () => {
    const crowd = await Crowd.open(1, CROWD, await loadPrimitives());
    expect(crowd.sessions).toBe(CROWD);
    await crowd.restartServer(500);
    await crowd.pass(1000);
    const { connectedMs } = crowd;
    console.info(
      `of ${CROWD}, half are back after ${median(connectedMs)} ms, all after ${Math.max(...connectedMs)} ms`,
    );
    expect([crowd.sessions, connectedMs.length]).toEqual([CROWD, CROWD]);
    expect(crowd.faults).toEqual([]);
  });

  test('so that those who are there wait little for those who are gone', async () => {
    const crowd = await Crowd.open(2, CROWD, await loadPrimitives());
    crowd.killClients((number) => number % 2 === 0);
    await crowd.restartServer(500);
    await crowd.pass(3000);
    const { connectedMs } = crowd;
    console.info(`half of ${CROWD} are gone; the others are back after ${Math.max(...connectedMs)} ms at the latest`);
    expect(connectedMs).toHaveLength(CROWD / 2);
    expect(Math.max(...connectedMs)).toBeLessThan(1000);
  });
});
