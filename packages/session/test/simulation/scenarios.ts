import type { Accidents } from './simulation.js';

/** An untroubled network, 5 to 15 ms away. */
const QUIET: Accidents = {
  lossRate: 0,
  duplicateRate: 0,
  delayMs: [5, 15],
  rebindEveryMs: 0,
  replayRate: 0,
  overtakeRate: 0,
};

/**
 * 30 % loss each way, reordering, duplication, a new address every few seconds, and somebody who
 * replays.
 */
const HOSTILE: Accidents = {
  lossRate: 0.3,
  duplicateRate: 0.2,
  delayMs: [5, 200],
  rebindEveryMs: 4300,
  replayRate: 0.1,
  overtakeRate: 0.02,
};

/**
 * What is promised: `usableWithinMs` is the longest time in which no payload comes through, in
 * either direction.
 */
export interface Scenario {
  readonly name: string;
  readonly accidents: Accidents;
  readonly runMs: number;
  readonly usableWithinMs: number;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'nothing happens but rekeys', accidents: QUIET, runMs: 400_000, usableWithinMs: 250 },
  {
    name: 'the server is killed and restarted',
    accidents: { ...QUIET, serverRestartsMs: [5000, 11_000, 130_050] },
    runMs: 140_000,
    usableWithinMs: 1000,
  },
  {
    name: 'the client is killed and restarted',
    accidents: { ...QUIET, clientRestartsMs: [5000, 11_000] },
    runMs: 20_000,
    usableWithinMs: 1000,
  },
  {
    name: 'the path is cut for 30 s, also when a rekey is due',
    accidents: { ...QUIET, cutMs: [100_000, 130_000] },
    runMs: 150_000,
    usableWithinMs: 1000,
  },
  {
    name: 'the address changes every 2 s',
    accidents: { ...QUIET, rebindEveryMs: 2000 },
    runMs: 60_000,
    usableWithinMs: 1000,
  },
  {
    name: 'the wall clock jumps by up to a day either way, and the client sleeps for a minute',
    accidents: { ...QUIET, wallClockJumpsMs: [1000, 7000, 125_000], clientSleepsMs: [20_000, 100_000] },
    runMs: 200_000,
    usableWithinMs: 1000,
  },
  { name: 'the network is hostile', accidents: HOSTILE, runMs: 150_000, usableWithinMs: 10_000 },
  {
    name: 'the network is hostile and both ends restart',
    accidents: {
      ...HOSTILE,
      serverRestartsMs: [20_000, 60_000],
      clientRestartsMs: [40_000],
      wallClockJumpsMs: [30_000],
    },
    runMs: 80_000,
    usableWithinMs: 10_000,
  },
];
