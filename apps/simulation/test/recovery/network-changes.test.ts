import { describe, expect, test } from '@jest/globals';
import { loadPrimitives } from '@relay/session';
import { World } from '../world/world.js';

const SEEDS = 20;
/** When a session stands, in ms. */
const READY_MS = 1000;

/** When the server has connected or moved a session since then, in ms. */
function eventsSince(world: World, sinceMs: number, kinds: readonly string[]): number[] {
  return world.trace
    .filter((line) => kinds.some((kind) => line.endsWith(`server ${kind}`)))
    .map((line) => parseFloat(line))
    .filter((ms) => ms >= sinceMs);
}

describe('an idle client', () => {
  test(`whose host has another address is reached at the new one within 1 s (${SEEDS} seeds)`, async () => {
    const primitives = await loadPrimitives();
    let worstMs = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = await World.open({ seed, primitives });
      await world.pass(READY_MS);
      world.application.stop();
      await world.pass(5000 + world.between(0, 10_000));
      world.moveClientHost();
      const changedMs = world.nowMs;
      await world.pass(1500);
      const [movedMs = Infinity] = eventsSince(world, changedMs, ['roamed', 'connected']);
      worstMs = Math.max(worstMs, movedMs - changedMs);
    }
    console.info(`an idle client whose address changed is reached after ${worstMs} ms at the latest`);
    expect(worstMs).toBeLessThan(1000);
  });
});

describe('a way that is remembered wrongly for the port of a client', () => {
  // A NAT that keeps an entry alive by the client's own retries led them to a server that is gone.
  test(`is left behind for another port (${SEEDS} seeds)`, async () => {
    const primitives = await loadPrimitives();
    let worstMs = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const world = await World.open({ seed, primitives });
      await world.pass(READY_MS);
      const { port } = world.client.relay.socket.local;
      world.blockClientPort(port);
      const blockedMs = world.nowMs;
      await world.pass(20_000);
      expect(world.client.relay.socket.local.port).not.toBe(port);
      const [backMs = Infinity] = eventsSince(world, blockedMs, ['roamed', 'connected', 'rekeyed']);
      worstMs = Math.max(worstMs, backMs - blockedMs);
      expect(world.client.faults).toEqual([]);
    }
    console.info(`a client whose port leads nowhere is back after ${worstMs} ms at the latest`);
    expect(worstMs).toBeLessThan(12_000);
  });
});
