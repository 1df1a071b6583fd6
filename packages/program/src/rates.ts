/** Counters by name. A counter never falls. */
export type Counts = Readonly<Record<string, number>>;

/** Turns counters into rates per second over the time between two calls. */
export class Rates {
  #before: Counts = {};
  #beforeMs = -Infinity;

  /** Returns the rates since the last call, or zeros at the first call. */
  perSecond(counts: Counts, nowMs: number): Record<string, number> {
    const seconds = (nowMs - this.#beforeMs) / 1000;
    const rates = Object.entries(counts).map(([name, count]) => {
      const before = this.#before[name];
      return [name, before === undefined || seconds <= 0 ? 0 : Math.max(0, count - before) / seconds] as const;
    });
    this.#before = { ...counts };
    this.#beforeMs = nowMs;
    return Object.fromEntries(rates);
  }
}
