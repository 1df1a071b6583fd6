import type { LogLevel } from './levels.js';

/**
 * One call of a logger; `identity` differs where calls only look alike, such as those of two
 * sessions' children of one logger.
 */
export interface Occurrence {
  readonly level: LogLevel;
  readonly scope: string;
  readonly message: string;
  readonly identity: string;
}

interface Entry<T extends Occurrence> {
  last: T;
  repeated: number;
  readonly group: string;
  endsMs: number;
}

/** Writes an occurrence that stands for so many more since the last one written. */
export type RepetitionSink<T extends Occurrence> = (last: T, repeated: number) => void;

// How many different messages of one scope and level are written in one interval; a text that
// varies with what strangers send must not make the log grow with them.
const MAX_MESSAGES = 40;

/**
 * Writes the first of the same occurrences at once, and the number of the others at most once in an
 * interval.
 */
export class Repetition<T extends Occurrence> {
  readonly #intervalMs: number;
  readonly #sink: RepetitionSink<T>;
  readonly #overflow: (of: T) => T;
  // In the order in which their intervals end, since all are equally long.
  readonly #entries = new Map<string, Entry<T>>();
  readonly #groups = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  /** `overflow` makes the occurrence that stands for all that are too many. */
  constructor(intervalMs: number, sink: RepetitionSink<T>, overflow: (of: T) => T) {
    this.#intervalMs = intervalMs;
    this.#sink = sink;
    this.#overflow = overflow;
  }

  /** Writes the occurrence or counts it. */
  occur(occurrence: T, nowMs: number): void {
    const group = `${occurrence.level} ${occurrence.scope}`;
    const key = `${group} ${occurrence.identity} ${occurrence.message}`;
    if (this.#isCounted(key, occurrence)) return;
    if ((this.#groups.get(group) ?? 0) < MAX_MESSAGES) this.#begin(key, group, occurrence, nowMs);
    else {
      const overflow = this.#overflow(occurrence);
      if (!this.#isCounted(group, overflow)) this.#begin(group, group, overflow, nowMs);
    }
  }

  /** Writes the numbers of all that are only counted so far, and forgets everything. */
  end(): void {
    clearTimeout(this.#timer);
    for (const { last, repeated } of this.#entries.values()) {
      if (repeated > 0) this.#sink(last, repeated);
    }
    this.#entries.clear();
    this.#groups.clear();
  }

  /** Writes the numbers of intervals that have ended; a timer calls it. */
  sweep(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.endsMs > nowMs) break;
      this.#entries.delete(key);
      if (entry.repeated === 0) this.#leaveGroup(entry.group);
      else {
        this.#sink(entry.last, entry.repeated);
        this.#entries.set(key, { ...entry, repeated: 0, endsMs: nowMs + this.#intervalMs });
      }
    }
    this.#schedule(nowMs);
  }

  #isCounted(key: string, occurrence: T): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    entry.last = occurrence;
    entry.repeated++;
    return true;
  }

  #begin(key: string, group: string, occurrence: T, nowMs: number): void {
    this.#entries.set(key, { last: occurrence, repeated: 0, group, endsMs: nowMs + this.#intervalMs });
    this.#groups.set(group, (this.#groups.get(group) ?? 0) + 1);
    this.#sink(occurrence, 0);
    if (this.#timer === undefined) this.#schedule(nowMs);
  }

  #leaveGroup(group: string): void {
    const left = (this.#groups.get(group) ?? 1) - 1;
    if (left === 0) this.#groups.delete(group);
    else this.#groups.set(group, left);
  }

  #schedule(nowMs: number): void {
    const [next] = this.#entries.values();
    this.#timer = undefined;
    if (next === undefined) return;
    this.#timer = setTimeout(() => this.sweep(performance.now()), Math.max(1, next.endsMs - nowMs));
    this.#timer.unref();
  }
}
