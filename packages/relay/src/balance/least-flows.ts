import type { Candidate } from './candidate.js';
import { inTurn } from './round-robin.js';

/**
 * The candidate with the fewest flows for its weight. Where several have equally few, as when flows
 * are short, they take turns.
 */
export function leastFlows<C extends Candidate>(candidates: readonly C[]): C | undefined {
  let fewest = Infinity;
  for (const { flowCount, weight } of candidates) fewest = Math.min(fewest, flowCount / weight);
  return inTurn(candidates, fewest);
}
