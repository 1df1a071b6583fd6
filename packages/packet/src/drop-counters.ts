import { DROP_REASONS, dropCode, dropReasonOf, type DropReason } from './drop-reason.js';

/** Counts drops by reason. Counting allocates nothing. Counts are exact to 2^53. */
export class DropCounters {
  readonly #counts = new Float64Array(DROP_REASONS.length);

  /**
   * Adds `n` drops (1 if not given) of the reason with this code. Throws a RangeError if `code` is
   * no code of a drop reason.
   */
  count(code: number, n = 1): void {
    const counted = this.#counts[-1 - code];
    if (counted === undefined) throw new RangeError(`not the code of a drop reason: ${code}`);
    this.#counts[-1 - code] = counted + n;
  }

  /** How many were dropped for this reason. */
  of(reason: DropReason): number {
    return this.#counts[-1 - dropCode(reason)] ?? 0;
  }

  /** How many were dropped for any reason. */
  get total(): number {
    let total = 0;
    for (const counted of this.#counts) total += counted;
    return total;
  }

  /** Adds another's counts to these, for instance those of all shards. */
  add(other: DropCounters): void {
    for (const [reason, counted] of other.entries()) this.count(dropCode(reason), counted);
  }

  /** The reasons that occurred with their counts, in the order of {@link DROP_REASONS}. */
  *entries(): Generator<[DropReason, number]> {
    for (const [index, counted] of this.#counts.entries()) {
      if (counted !== 0) yield [dropReasonOf(-1 - index), counted];
    }
  }

  /** The reasons that occurred with their counts, as an object. */
  toJSON(): Partial<Record<DropReason, number>> {
    return Object.fromEntries(this.entries());
  }
}
