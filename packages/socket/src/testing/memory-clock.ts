interface Event {
  readonly dueMs: number;
  readonly run: () => void;
}

/**
 * How time passes: when `advance` says so, or by itself, from event to event, as fast as the
 * machine goes.
 */
export type ClockDrive = 'manual' | 'auto';

/**
 * Time of a simulation, in ms from 0. Events run in the order of their time, those of one time in
 * the order they were scheduled.
 */
export class MemoryClock {
  readonly #drive: ClockDrive;
  /** Latest first. */
  readonly #events: Event[] = [];
  #nowMs = 0;
  #isDriving = false;

  constructor(drive: ClockDrive = 'manual') {
    this.#drive = drive;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** When the next event is due; Infinity if there is none. */
  get nextMs(): number {
    return this.#events.at(-1)?.dueMs ?? Infinity;
  }

  /**
   * Runs `run` after `delayMs` (0: at this time, but not within this call); returns how to cancel
   * it.
   */
  schedule(delayMs: number, run: () => void): () => void {
    const event = { dueMs: this.#nowMs + Math.max(0, delayMs), run };
    this.#events.splice(this.#placeFor(event.dueMs), 0, event);
    this.#driveOn();
    return () => {
      const at = this.#events.indexOf(event);
      if (at !== -1) this.#events.splice(at, 1);
    };
  }

  /** Lets `ms` pass, running what becomes due. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.nextMs <= endMs) this.#runNext();
    this.#nowMs = endMs;
  }

  /**
   * As {@link advance}, for code that awaits: after each event the promises settle that it
   * resolved, before time goes on. Takes no turn of the event loop, so nothing from outside the
   * simulation comes in between.
   */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await promisesSettle();
    while (this.nextMs <= endMs) {
      this.#runNext();
      await promisesSettle();
    }
    this.#nowMs = endMs;
  }

  /** Runs events until none is left; throws after `maxMs`, since something repeats for ever. */
  runUntilIdle(maxMs = 3_600_000): void {
    const endMs = this.#nowMs + maxMs;
    while (this.#events.length > 0) {
      if (this.nextMs > endMs) throw new Error(`not idle after ${maxMs} ms`);
      this.#runNext();
    }
  }

  #runNext(): void {
    const event = this.#events.pop();
    if (event === undefined) return;
    this.#nowMs = event.dueMs;
    event.run();
  }

  /** The place before all events that are due at that time or sooner. */
  #placeFor(dueMs: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.dueMs ?? 0) > dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #driveOn(): void {
    if (this.#drive === 'manual' || this.#isDriving || this.#events.length === 0) return;
    this.#isDriving = true;
    setImmediate(() => {
      this.#isDriving = false;
      const instantMs = this.nextMs;
      try {
        while (this.#events.length > 0 && this.nextMs === instantMs) this.#runNext();
      } finally {
        this.#driveOn();
      }
    });
  }
}

/**
 * Node.js runs its tick queue once no microtask is left: what promises caused, however many deep,
 * is done by then.
 */
const promisesSettle = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
