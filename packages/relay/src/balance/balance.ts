import type { Balance } from './candidate.js';
import { byHash, type HashBy } from './by-hash.js';
import { leastFlows } from './least-flows.js';
import { newRandom } from './random.js';
import { roundRobin } from './round-robin.js';

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
