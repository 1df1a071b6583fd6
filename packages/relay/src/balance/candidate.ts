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
