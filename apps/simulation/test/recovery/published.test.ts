import { describe, expect, test } from '@jest/globals';
import { loadPrimitives, type Primitives } from '@relay/session';
import { PublishedWorld } from '../world/published-world.js';

/** Something that goes wrong with a publish, and the promise for the time after it. */
interface Trouble {
  readonly name: string;
  /** The longest time until a visitor is answered after nothing is wrong any more, in ms. */
  readonly withinMs: number;
  /** The same where nobody has visited for some time. */
  readonly idleWithinMs: number;
  /** Makes it go wrong. Resolves as soon as nothing is wrong any more. */
  readonly happen: (world: PublishedWorld) => Promise<void>;
}

const SEEDS = 25;
/** Longer than any round trip, in ms. */
const LONGEST_WAY_MS = 500;
const WATCHED_MS = 1500;

const TROUBLES: readonly Trouble[] = [
  {
    name: 'the server was killed and is back',
    withinMs: 1000,
    idleWithinMs: 1000,
    happen: (world) => world.restartServer(world.between(10, 5000)),
  },
  {
    name: 'the client was killed and is back',
    withinMs: 1000,
    idleWithinMs: 1000,
    happen: (world) => world.restartClient(world.between(10, 5000)),
  },
  {
    name: 'the client has another address or other ports',
    withinMs: 1000,
    // Only the client can tell where it is: an idle one does so with its next keepalive.
    idleWithinMs: 26_000,
    happen: async (world) => {
      world.moveClient();
      await world.pass(0);
    },
  },
  {
    name: 'the path was cut for 30 s',
    withinMs: 1000,
    idleWithinMs: 1000,
    happen: async (world) => {
      world.setPath({ lossRate: 1 });
      await world.pass(30_000);
      world.setPath({ lossRate: 0 });
    },
  },
];

describe(`a published port is the same and is reached again (${SEEDS} seeds)`, () => {
  test.each(TROUBLES)('within $withinMs ms when $name', async (trouble) => {
    await expectReached(trouble, trouble.withinMs, 'visited');
  });

  test.each(TROUBLES)('within $idleWithinMs ms when $name, and nobody had visited it', async (trouble) => {
    await expectReached(trouble, trouble.idleWithinMs, 'idle');
  });
});

async function expectReached(trouble: Trouble, withinMs: number, client: 'visited' | 'idle'): Promise<void> {
  const primitives = await loadPrimitives();
  const worst = { gapMs: 0, seed: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    const gapMs = Math.round(await longestGapMs(trouble, { primitives, seed, withinMs, client }));
    if (gapMs > worst.gapMs) Object.assign(worst, { gapMs, seed });
  }
  console.info(`${client}: ${trouble.name}: longest gap ${worst.gapMs} ms (seed ${worst.seed})`);
  expect(worst.gapMs).toBeLessThan(withinMs);
}

interface Run {
  readonly primitives: Primitives;
  readonly seed: number;
  readonly withinMs: number;
  readonly client: 'visited' | 'idle';
}

/**
 * Makes one run, and returns the longest time without an answer afterwards. It fails if a datagram
 * is lost against the promise or without a count, or if the port is another one.
 */
async function longestGapMs({ happen }: Trouble, { primitives, seed, withinMs, client }: Run): Promise<number> {
  const world = await PublishedWorld.open(seed, primitives);
  const { port } = world;
  await world.pass(world.between(1000, 2000));
  const brokenMs = world.nowMs;
  const { journal: before } = world.visitors;
  if (client === 'idle') {
    world.visitors.stop();
    await world.pass(world.between(3000, 20_000));
  }
  await happen(world);
  const mendedMs = world.nowMs;
  if (client === 'idle') await world.newVisitors(port);
  const { journal } = world.visitors;
  await world.pass(withinMs + WATCHED_MS);
  const endMs = world.nowMs;
  world.visitors.stop();
  await world.pass(LONGEST_WAY_MS);
  const lost = [...before.lost(0, brokenMs - LONGEST_WAY_MS), ...journal.lost(mendedMs + withinMs, endMs)];
  const { port: portNow } = world;
  expect({ seed, lost, port: portNow, unaccounted: world.unaccounted() }).toEqual({
    ...{ seed, lost: [], port: port ?? 'none', unaccounted: [] },
  });
  return journal.longestGapMs('back', mendedMs, endMs);
}
