import { byHash, type HashBy } from './by-hash.js';
import { leastFlows } from './least-flows.js';
import { newRandom } from './random.js';
import { roundRobin } from './round-robin.js';

/** What a balance knows of an upstream. */
export interface Candidate {
  /** Its share of the flows, beside the weights of the others: a whole number, 1 or more. */
  readonly weight: number;
  /** How many flows it has now. */
  readonly flowCount: number;
  /** 32 bits by which a consistent hash knows it: the same on every server and after a restart. */
  readonly hash: number;
  /** Belongs to the balance, which keeps there whose turn it is; 0 at first. */
  credit: number;
}

/**
 * Chooses the upstream for a new flow of the packed endpoint `source`; undefined where there are no
 * candidates. It depends on nothing but its arguments and, if it is random, its source of numbers.
 */
export type Balance = <C extends Candidate>(candidates: readonly C[], source: Uint8Array) => C | undefined;

/** All ways to balance, by the names that users give them. */
export const BALANCES = ['round-robin', 'random', 'least-flows', 'hash'] as const;

/** The name of a way to balance. */
export type BalanceName = (typeof BALANCES)[number];

/**
 * The balance of this name. `hashBy` says what of the source `hash` looks at; `random` gives
 * numbers from 0 up to, but not including, 1.
 */
export function newBalance(name: BalanceName, hashBy: HashBy, random: () => number): Balance {
  switch (name) {
    case 'round-robin':
      return roundRobin;
    case 'random':
      return newRandom(random);
    case 'least-flows':
      return leastFlows;
    case 'hash':
      return byHash(hashBy);
  }
}
