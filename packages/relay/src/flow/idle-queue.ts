/**
 * Something that can fall idle. An {@link IdleQueue} keeps it from {@link IdleQueue.add} until it
 * is removed or has expired.
 */
export interface Idler {
  /** Called when its time is up, after it was taken out. */
  expire(nowMs: number): void;
  /**
   * When it was last active, in ms of the caller's clock. Touching it is one assignment: the queue
   * looks only when time is up.
   */
  lastActivityMs: number;
  /** After how many ms without activity it expires. */
  readonly idleMs: number;
}

/**
 * The precision of expiry: an entry expires at most this many ms after its time (and the delay of
 * the caller's own timer).
 */
const TICK_MS = 250;

/**
 * Finds the entries that have fallen idle, at a cost that does not depend on their activity. Each
 * entry waits in the earliest tick in which it can expire, and moves to a later one if it was
 * active in the time between.
 */
export class IdleQueue {
  readonly #ticks = new Map<number, Set<Idler>>();
  readonly #tickOf = new Map<Idler, number>();
  #nextTick = Infinity;

  /** The number of entries that wait. */
  get size(): number {
    return this.#tickOf.size;
  }

  /** When {@link expire} is worth calling next, in ms; Infinity where nothing waits. */
  get nextExpiryMs(): number {
    return this.#nextTick * TICK_MS;
  }

  /**
   * Starts to watch an entry. Adding one twice is a mistake of the caller's and changes nothing.
   */
  add(entry: Idler): void {
    if (!this.#tickOf.has(entry)) this.#schedule(entry);
  }

  /** Stops watching an entry; false if it was not watched. */
  remove(entry: Idler): boolean {
    const tick = this.#tickOf.get(entry);
    if (tick === undefined) return false;
    this.#tickOf.delete(entry);
    const waiting = this.#ticks.get(tick);
    waiting?.delete(entry);
    if (waiting?.size === 0) this.#forget(tick);
    return true;
  }

  /** Takes out each entry that was idle for its whole time at `nowMs`, and calls its `expire`. */
  expire(nowMs: number): void {
    const due = [...this.#ticks.keys()].filter((tick) => tick * TICK_MS <= nowMs).sort((a, b) => a - b);
    for (const tick of due) {
      const waiting = this.#ticks.get(tick) ?? new Set<Idler>();
      this.#forget(tick);
      for (const entry of waiting) {
        if (this.#tickOf.get(entry) !== tick) continue; // removed by one that expired before it
        this.#tickOf.delete(entry);
        if (entry.lastActivityMs + entry.idleMs <= nowMs) entry.expire(nowMs);
        else this.#schedule(entry);
      }
    }
  }

  #schedule(entry: Idler): void {
    const tick = Math.ceil((entry.lastActivityMs + entry.idleMs) / TICK_MS);
    this.#tickOf.set(entry, tick);
    const waiting = this.#ticks.get(tick);
    if (waiting === undefined) this.#ticks.set(tick, new Set([entry]));
    else waiting.add(entry);
    this.#nextTick = Math.min(this.#nextTick, tick);
  }

  #forget(tick: number): void {
    this.#ticks.delete(tick);
    if (tick !== this.#nextTick) return;
    this.#nextTick = Infinity;
    for (const other of this.#ticks.keys()) this.#nextTick = Math.min(this.#nextTick, other);
  }
}
