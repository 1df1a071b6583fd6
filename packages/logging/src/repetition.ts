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
  /**
   * What a call says by its texts, such as a target and a reason: different ones are different
   * faults. Empty where it has none.
   */
  readonly variant: string;
}

interface Entry<T extends Occurrence> {
  last: T;
  repeated: number;
  readonly group: string;
  readonly kind: string;
  endsMs: number;
}

/** Writes an occurrence that stands for so many more since the last one written. */
export type RepetitionSink<T extends Occurrence> = (last: T, repeated: number) => void;

// How many different messages of one scope and level are written in one interval; a text that
// varies with what strangers send must not make the log grow with them.
const MAX_MESSAGES = 40;
// How many variants of one message are written in one interval; the others count as the message.
const MAX_VARIANTS = 10;

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
  // How many kinds of message each group has, and how many entries each kind.
  readonly #groups = new Map<string, number>();
  readonly #kinds = new Map<string, number>();
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
    const kind = `${group} ${occurrence.identity} ${occurrence.message}`;
    const variant = `${kind}\0${occurrence.variant}`;
    if (this.#isCounted(variant, occurrence)) return;
    const variants = this.#kinds.get(kind) ?? 0;
    const key = variants < MAX_VARIANTS ? variant : kind;
    if (key === kind && this.#isCounted(kind, occurrence)) return;
    if (variants > 0 || (this.#groups.get(group) ?? 0) < MAX_MESSAGES)
      this.#begin(key, { group, kind, last: occurrence }, nowMs);
    else {
      const overflow = this.#overflow(occurrence);
      if (!this.#isCounted(group, overflow)) this.#begin(group, { group, kind: group, last: overflow }, nowMs);
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
    this.#kinds.clear();
  }

  /** Writes the numbers of intervals that have ended; a timer calls it. */
  sweep(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.endsMs > nowMs) break;
      this.#entries.delete(key);
      if (entry.repeated === 0) this.#leave(entry);
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

  #begin(key: string, entry: Pick<Entry<T>, 'group' | 'kind' | 'last'>, nowMs: number): void {
    const { group, kind, last } = entry;
    this.#entries.set(key, { ...entry, repeated: 0, endsMs: nowMs + this.#intervalMs });
    if (!this.#kinds.has(kind)) add(this.#groups, group, 1);
    add(this.#kinds, kind, 1);
    this.#sink(last, 0);
    if (this.#timer === undefined) this.#schedule(nowMs);
  }

  #leave({ group, kind }: Entry<T>): void {
    add(this.#kinds, kind, -1);
    if (!this.#kinds.has(kind)) add(this.#groups, group, -1);
  }

  #schedule(nowMs: number): void {
    const [next] = this.#entries.values();
    this.#timer = undefined;
    if (next === undefined) return;
    this.#timer = setTimeout(() => this.sweep(performance.now()), Math.max(1, next.endsMs - nowMs));
    this.#timer.unref();
  }
}

/** Adds to a count; one that comes to 0 is forgotten. */
function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
