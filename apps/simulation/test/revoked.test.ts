import { expect, test } from '@jest/globals';
import { loadPrimitives } from '@relay/session';
import { World } from './world/world.js';

test('a client that is revoked is out in the same turn, and hears so after one way of the path', async () => {
  const world = await World.open({ seed: 1, primitives: await loadPrimitives(), path: { delayMs: 20 } });
  await world.pass(1000);
  const revokedMs = world.nowMs;
  world.revokeClient();
  expect(world.trace.at(-1)).toBe(`${revokedMs} server disconnected`);
  expect(world.server.relay.figures()).toMatchObject({ sessions: 0, flows: 0 });
  await world.pass(21);
  const [heard] = world.trace.flatMap((line) => {
    const [, ms] = /^(\S+) client disconnected$/.exec(line) ?? [];
    return ms === undefined ? [] : [Number(ms)];
  });
  expect(heard).toBeGreaterThanOrEqual(revokedMs + 20);
  expect(heard).toBeLessThan(revokedMs + 21);
  await world.pass(10_000);
  expect(world.server.relay.figures()).toMatchObject({ sessions: 0, flows: 0 });
  expect([...world.client.faults, ...world.server.faults]).toEqual([]);
});
