import { expect } from '@jest/globals';
import type { Primitives } from '@relay/session';
import type { LinkConditions } from '@relay/socket/testing';
import { World } from '../world/world.js';
import type { Way } from '../world/journal.js';

/** Something that goes wrong, and what is promised of the time after. */
export interface Recovery {
  readonly name: string;
  readonly seeds: number;
  /**
   * From when nothing is wrong any more: the longest time in which nothing arrives, at the target
   * or back at its source, in ms.
   */
  readonly withinMs: number;
  /**
   * Whether what is sent before and after arrives without exception; else it is lost by chance all
   * the time.
   */
  readonly isLossless: boolean;
  readonly path?: Partial<LinkConditions>;
  /** How often each of the sources sends, in ms. */
  readonly everyMs?: number;
  /** Lets it go wrong, and resolves as soon as nothing is wrong any more. */
  readonly happen: (world: World) => Promise<void>;
}

/** By when a session stands, in ms: a name, a handshake and a target's name later. */
const READY_MS = 500;
/** For how long after a recovery it is watched that all goes well, in ms. */
const WATCHED_MS = 1500;
/** More than any way there and back, in ms. */
const LONGEST_WAY_MS = 500;
const DRAIN_MS = 1000;

/** The longest gaps after a recovery. */
export type Gaps = Readonly<Record<Way, number>>;

/** One run. Fails where something is lost that must not be, or not accounted for. */
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
