interface Event {
  readonly dueMs: number;
  readonly run: () => void;
}

/**
 * How time passes. `manual`: only in `advance`. `auto`: by itself, from event to event, as fast as
 * the machine goes.
 */
export type ClockDrive = 'manual' | 'auto';

/**
 * The time of a simulation, in ms from 0. Events run in the order of their time. Events of the same
 * time run in the order in which they were scheduled.
 */
export class MemoryClock {
  readonly #drive: ClockDrive;
  /** The events, the latest first. */
  readonly #events: Event[] = [];
  #nowMs = 0;
  #isDriving = false;

  constructor(drive: ClockDrive = 'manual') {
    this.#drive = drive;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** The time of the next event, or Infinity if there is none. */
  get nextMs(): number {
    return this.#events.at(-1)?.dueMs ?? Infinity;
  }

  /**
   * Runs `run` after `delayMs` (0: at this time, but not within this call). Returns a function that
   * cancels it.
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

  /** Lets `ms` pass and runs the events that become due. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.nextMs <= endMs) this.#runNext();
    this.#nowMs = endMs;
  }

  /**
   * Does the same as {@link advance} for code that awaits. After each event, all promises settle
   * that the event resolved; only then time goes on. It takes no turn of the event loop, so nothing
   * from outside the simulation comes in between.
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

  /**
   * Runs events until none is left. Throws after `maxMs`, because then something repeats for ever.
   */
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

  /** Returns the place before all events that are due at this time or sooner. */
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
 * Node.js runs its tick queue when no microtask is left. By then everything that promises caused
 * has run, at any depth.
 */
const promisesSettle = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
