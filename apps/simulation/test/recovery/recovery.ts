import { expect } from '@jest/globals';
import type { Primitives } from '@relay/session';
import type { LinkConditions } from '@relay/socket/testing';
import { World } from '../world/world.js';
import type { Way } from '../world/journal.js';

/** Something that goes wrong, and the promise for the time after it. */
export interface Recovery {
  readonly name: string;
  readonly seeds: number;
  /**
   * The longest time without an arrival after nothing is wrong any more, in ms. It holds at the
   * target and back at the source.
   */
  readonly withinMs: number;
  /**
   * True if every datagram before and after arrives. False if datagrams are lost by chance all the
   * time.
   */
  readonly isLossless: boolean;
  readonly path?: Partial<LinkConditions>;
  /** The time between two datagrams of a source, in ms. */
  readonly everyMs?: number;
  /** Makes it go wrong. Resolves as soon as nothing is wrong any more. */
  readonly happen: (world: World) => Promise<void>;
}

/** When a session stands at the latest, in ms: after a name, a handshake and a target's name. */
const READY_MS = 500;
/** How long the run is watched after a recovery, in ms. */
const WATCHED_MS = 1500;
/** Longer than any round trip, in ms. */
const LONGEST_WAY_MS = 500;
const DRAIN_MS = 1000;

/** The longest gaps after a recovery. */
export type Gaps = Readonly<Record<Way, number>>;

/** Makes one run. It fails if a datagram is lost against the promise, or is not counted. */
export async function recover(recovery: Recovery, primitives: Primitives, seed: number): Promise<Gaps> {
  const { everyMs = 100, path = {}, withinMs } = recovery;
  const world = await World.open({ seed, primitives, path, application: { everyMs } });
  await world.pass(READY_MS + LONGEST_WAY_MS + world.between(0, 1000));
  const brokenMs = world.nowMs;
  await recovery.happen(world);
  const mendedMs = world.nowMs;
  await world.pass(withinMs + WATCHED_MS);
  const endMs = world.nowMs;
  world.application.stop();
  await world.pass(DRAIN_MS);

  const { journal } = world.application;
  expect({ seed, unaccounted: world.unaccounted() }).toEqual({ seed, unaccounted: [] });
  if (recovery.isLossless) {
    const lost = [...journal.lost(READY_MS, brokenMs - LONGEST_WAY_MS), ...journal.lost(mendedMs + withinMs, endMs)];
    expect({ seed, lost }).toEqual({ seed, lost: [] });
  }
  return {
    there: journal.longestGapMs('there', mendedMs, endMs),
    back: journal.longestGapMs('back', mendedMs, endMs),
  };
}
