import { LazyQueue } from './lazy-queue.js';

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
 * Finds the entries that have fallen idle, at a cost that does not depend on their activity. An
 * entry expires at most a quarter of a second after its time (and the delay of the caller's own
 * timer).
 */
export class IdleQueue {
  readonly #waiting = new LazyQueue<Idler>(({ lastActivityMs, idleMs }) => lastActivityMs + idleMs);

  /** The number of entries that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** When {@link expire} is worth calling next, in ms; Infinity where nothing waits. */
  get nextExpiryMs(): number {
    return this.#waiting.firstMs;
  }

  /**
   * Starts to watch an entry. Adding one twice is a mistake of the caller's and changes nothing.
   */
  add(entry: Idler): void {
    this.#waiting.add(entry);
  }

  /** Stops watching an entry; false if it was not watched. */
  remove(entry: Idler): boolean {
    return this.#waiting.remove(entry);
  }

  /** Takes out each entry that was idle for its whole time at `nowMs`, and calls its `expire`. */
  expire(nowMs: number): void {
    for (;;) {
      const entry = this.#waiting.first(nowMs);
      if (entry === undefined) return;
      this.#waiting.remove(entry);
      entry.expire(nowMs);
    }
  }
}
