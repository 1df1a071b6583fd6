/**
 * Counts of one pair of keys at one time: how many packets arrived, and the highest counter among
 * them.
 */
interface Counts {
  readonly index: number;
  readonly received: number;
  readonly highest: number;
}

/** The share of packets lost in one direction, from counts taken now and then. */
export class LossEstimate {
  #last: Counts = { index: -1, received: 0, highest: -1 };
  #loss = Number.NaN;

  /** 0 to 1, smoothed over the last few counts; NaN until known. */
  get loss(): number {
    return this.#loss;
  }

  /** Takes the counts of the keys with this index; they only grow. */
  count(index: number, received: number, highest: number): void {
    const since = this.#last.index === index ? this.#last : { received: 0, highest: -1 };
    const expected = highest - since.highest;
    if (expected <= 0 || received < since.received) return;
    // Packets that came late, counted as lost before, make up for others: never below zero.
    const loss = Math.max(0, 1 - (received - since.received) / expected);
    this.#loss = Number.isNaN(this.#loss) ? loss : this.#loss + (loss - this.#loss) / 2;
    this.#last = { index, received, highest };
  }
}
