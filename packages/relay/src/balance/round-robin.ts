/**
 * Smooth weighted round-robin, as nginx has it since 1.3.1 (2012): each candidate
 * earns its weight in each turn, the richest is chosen and pays for all. So weights 5, 1, 1 give
 * `a a b a c a a`, and never five of the same in a row.
 */
import type { Candidate } from './candidate.js';

/** The candidate whose turn it is. */
export function roundRobin<C extends Candidate>(candidates: readonly C[]): C | undefined {
  return inTurn(candidates, Infinity);
}

/** The one whose turn it is among those with at most so many flows for each unit of weight. */
export function inTurn<C extends Candidate>(candidates: readonly C[], mostFlows: number): C | undefined {
  let chosen: C | undefined;
  let total = 0;
  for (const candidate of candidates) {
    const { weight, flowCount } = candidate;
    if (flowCount / weight > mostFlows) continue;
    candidate.credit += weight;
    total += weight;
    if (chosen === undefined || candidate.credit > chosen.credit) chosen = candidate;
  }
  if (chosen !== undefined) chosen.credit -= total;
  return chosen;
}
