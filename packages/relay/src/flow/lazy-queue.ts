/**
 * The precision of the order, in ms: entries whose times are less than this apart may change
 * places.
 */
const TICK_MS = 250;

/**
 * Entries in the order of a time of theirs, which may only grow. The queue reads an entry's time
 * again only when the entry is the first, so that a change of its time costs nothing.
 */
export class LazyQueue<Entry extends object> {
  readonly #timeOf: (entry: Entry) => number;
  readonly #ticks = new Map<number, Set<Entry>>();
  readonly #tickOf = new Map<Entry, number>();
  #firstTick = Infinity;

  /** `timeOf` returns the time of an entry, in ms. */
  constructor(timeOf: (entry: Entry) => number) {
    this.#timeOf = timeOf;
  }

  get size(): number {
    return this.#tickOf.size;
  }

  /** No entry has an earlier time, in ms, less {@link TICK_MS}; Infinity where there is none. */
  get firstMs(): number {
    return this.#firstTick * TICK_MS;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#tickOf.keys();
  }

  /** Adding an entry twice is a mistake of the caller's and changes nothing. */
  add(entry: Entry): void {
    if (this.#tickOf.has(entry)) return;
    const tick = this.#tick(entry);
    this.#tickOf.set(entry, tick);
    const waiting = this.#ticks.get(tick);
    if (waiting === undefined) this.#ticks.set(tick, new Set([entry]));
    else waiting.add(entry);
    this.#firstTick = Math.min(this.#firstTick, tick);
  }

  /** Returns false if the entry was not there. */
  remove(entry: Entry): boolean {
    const tick = this.#tickOf.get(entry);
    if (tick === undefined) return false;
    this.#tickOf.delete(entry);
    const waiting = this.#ticks.get(tick);
    waiting?.delete(entry);
    if (waiting?.size === 0) this.#forget(tick);
    return true;
  }

  /** Returns the entry with the earliest time, if that has come at `untilMs`. */
  first(untilMs = Infinity): Entry | undefined {
    while (this.firstMs <= untilMs) {
      const [entry] = this.#ticks.get(this.#firstTick) ?? [];
      if (entry === undefined || this.#tick(entry) === this.#firstTick) return entry;
      this.remove(entry);
      this.add(entry);
    }
    return undefined;
  }

  #tick(entry: Entry): number {
    return Math.ceil(this.#timeOf(entry) / TICK_MS);
  }

  #forget(tick: number): void {
    this.#ticks.delete(tick);
    if (tick !== this.#firstTick) return;
    this.#firstTick = Infinity;
    for (const other of this.#ticks.keys()) this.#firstTick = Math.min(this.#firstTick, other);
  }
}
