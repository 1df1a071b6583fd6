/** The way of a datagram: to the target (`there`), or to the target and back (`back`). */
export type Way = 'there' | 'back';

interface Entry {
  readonly sentMs: number;
  readonly arrivedMs: Record<Way, number | undefined>;
}

/** The fate of an application's datagrams by their numbers, in ms of virtual time. */
export class Journal {
  readonly #entries: Entry[] = [];
  readonly #arrivals: Record<Way, number[]> = { there: [], back: [] };

  get count(): number {
    return this.#entries.length;
  }

  arrivedCount(way: Way): number {
    return this.#arrivals[way].length;
  }

  /** Returns the number of the datagram. */
  sent(nowMs: number): number {
    return this.#entries.push({ sentMs: nowMs, arrivedMs: { there: undefined, back: undefined } }) - 1;
  }

  /** Throws if the datagram was never sent, or if it arrives a second time. */
  arrived(way: Way, number: number, nowMs: number): void {
    const entry = this.#entries[number];
    if (entry === undefined) throw new Error(`datagram ${number} came ${way} and was never sent`);
    if (entry.arrivedMs[way] !== undefined) throw new Error(`datagram ${number} came ${way} twice`);
    entry.arrivedMs[way] = nowMs;
    this.#arrivals[way].push(nowMs);
  }

  /** Returns the longest time without an arrival between `fromMs` and `untilMs`. */
  longestGapMs(way: Way, fromMs: number, untilMs: number): number {
    let [lastMs, longestMs] = [fromMs, 0];
    for (const ms of [...this.#arrivals[way].filter((at) => at > fromMs && at < untilMs), untilMs]) {
      longestMs = Math.max(longestMs, ms - lastMs);
      lastMs = ms;
    }
    return longestMs;
  }

  /**
   * Returns the numbers of the datagrams that were sent from `fromMs` until before `untilMs` and
   * did not come back.
   */
  lost(fromMs: number, untilMs: number): number[] {
    return [...this.#entries.entries()]
      .filter(([, { sentMs, arrivedMs }]) => sentMs >= fromMs && sentMs < untilMs && arrivedMs.back === undefined)
      .map(([number]) => number);
  }
}
