import type { Cancel, Machine } from './machine.js';

/** What a loop does; the loop decides when. */
export interface LoopWork {
  /** When something is due next, in ms of the machine's clock; Infinity if nothing is. */
  nextDueMs(): number;
  /** Something is due: never called before the time that {@link nextDueMs} gives. */
  due(nowMs: number): void;
  /** Sends what waits to be sent. */
  flush(): void;
  /** Takes what the work threw where nobody is above it but the event loop; the loop goes on. */
  failed(error: unknown): void;
}

/**
 * How long the loop rests after a failure, in ms: what stays due and fails again is not to take the
 * processor.
 */
const REST_MS = 100;

/** Longest sleep in ms: timers know none beyond 2^31, and `setTimeout` would fire at once. */
const MAX_SLEEP_MS = 60_000;

/**
 * One timer for all deadlines of a program, and one flush for all that its sockets brought in the
 * same turn of the event loop.
 */
export class Loop {
  readonly #work: LoopWork;
  readonly #machine: Pick<Machine, 'clock' | 'schedule' | 'soon'>;
  #cancelTimer: Cancel | undefined;
  #timerMs = Infinity;
  #restUntilMs = -Infinity;
  #cancelSoon: Cancel | undefined;
  #isClosed = false;

  constructor(work: LoopWork, machine: Pick<Machine, 'clock' | 'schedule' | 'soon'>) {
    this.#work = work;
    this.#machine = machine;
  }

  /** To be called after whatever has happened: sends what waits and sets the timer. */
  settle(): void {
    if (this.#isClosed) return;
    this.#work.flush();
    this.#arm();
  }

  /**
   * The same, after all sockets that are ready now have been read: one call to the kernel for many
   * flows.
   */
  settleSoon(): void {
    if (this.#isClosed) return;
    this.#cancelSoon ??= this.#machine.soon(() => {
      this.#cancelSoon = undefined;
      this.#guard(() => this.settle());
    });
  }

  /** Sends what waits, for the last time. */
  close(): void {
    this.#work.flush();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelSoon?.();
  }

  /** What is due is done, and what waits is sent, each whatever becomes of the other. */
  #wake(): void {
    this.#timerMs = Infinity;
    // Node.js counts a timer from the start of its turn, in whole ms, so one may fire a fraction of
    // a ms early.
    const nowMs = this.#machine.clock();
    this.#guard(() => {
      if (nowMs >= this.#work.nextDueMs()) this.#work.due(nowMs);
    });
    this.#guard(() => this.settle());
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#restUntilMs = this.#machine.clock() + REST_MS;
      this.#work.failed(error);
      this.#arm();
    }
  }

  #arm(): void {
    if (this.#isClosed) return;
    const dueMs = Math.max(this.#restUntilMs, this.#work.nextDueMs());
    if (dueMs >= this.#timerMs) return;
    this.#cancelTimer?.();
    this.#timerMs = dueMs;
    const sleepMs = Math.min(MAX_SLEEP_MS, Math.max(1, Math.ceil(dueMs - this.#machine.clock())));
    this.#cancelTimer = this.#machine.schedule(sleepMs, () => this.#wake());
  }
}
