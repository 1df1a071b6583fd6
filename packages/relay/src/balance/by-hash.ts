/**
 * Weighted rendezvous hashing (highest random weight): each candidate draws a number from the hash
 * of the source and of itself, and the highest wins. A candidate that goes takes only its own
 * sources with it, one that comes takes no more than its share from the others, and the order of
 * the candidates does not matter, so that servers with the same upstreams choose alike.
 *
 * D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM
 * Transactions on Networking 6 (1), 1998; the weights by the logarithmic method of C.
 * Schindelhauer, G. Schomaker, "Weighted distributed hash tables", SPAA 2005.
 */
import type { Balance, Candidate } from './candidate.js';
import { hashEndpoint, mix } from './hash-endpoint.js';

/** What of a source a hash looks at: all flows of one address go one way, or each its own. */
export type HashBy = 'address' | 'endpoint';

/** Sources that are alike by `hashBy` always go to the same candidate. */
export function byHash(hashBy: HashBy): Balance {
  return <C extends Candidate>(candidates: readonly C[], source: Uint8Array): C | undefined => {
    const hash = hashEndpoint(source, hashBy === 'endpoint');
    let chosen: C | undefined;
    let highest = -Infinity;
    for (const candidate of candidates) {
      const score = scoreOf(hash, candidate);
      if (score <= highest) continue;
      highest = score;
      chosen = candidate;
    }
    return chosen;
  };
}

/** Highest for each candidate in proportion to its weight: -weight / ln of a number from 0 to 1. */
function scoreOf(sourceHash: number, { hash, weight }: Candidate): number {
  const drawn = (mix(Math.imul(sourceHash ^ hash, 0x9e3779b1) + hash) + 0.5) / 2 ** 32;
  return -weight / Math.log(drawn);
}
