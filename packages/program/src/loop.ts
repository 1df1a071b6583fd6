import type { Cancel, Machine } from './machine.js';

/** The work of a loop. The loop decides when each part runs. */
export interface LoopWork {
  /**
   * Returns the time of the next deadline, in ms of the machine's clock, or Infinity if there is
   * none.
   */
  nextDueMs(): number;
  /** Handles a deadline. The loop never calls it before the time that {@link nextDueMs} returns. */
  due(nowMs: number): void;
  /** Sends everything that waits to be sent. */
  flush(): void;
  /** Takes an error that the work threw while the loop called it. The loop goes on. */
  failed(error: unknown): void;
}

/**
 * How long the loop rests after a failure, in ms. Without this rest, a deadline that fails again
 * and again would use the whole processor.
 */
const REST_MS = 100;

/** Longest sleep in ms. A timer holds no delay beyond 2^31 ms: `setTimeout` would fire at once. */
const MAX_SLEEP_MS = 60_000;

/**
 * One timer for all deadlines of a program, and one flush for everything that its sockets received
 * in one turn of the event loop.
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

  /** Call this after each event. It sends everything that waits and sets the timer. */
  settle(): void {
    if (this.#isClosed) return;
    this.#work.flush();
    this.#arm();
  }

  /**
   * Does the same as `settle`, but only after the program has read all sockets that are ready now.
   * One call to the kernel then sends the datagrams of many flows.
   */
  settleSoon(): void {
    if (this.#isClosed) return;
    this.#cancelSoon ??= this.#machine.soon(() => {
      this.#cancelSoon = undefined;
      this.#guard(() => this.settle());
    });
  }

  /** Sends everything that waits, for the last time. */
  close(): void {
    this.#work.flush();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelSoon?.();
  }

  /**
   * Handles the deadline and sends everything that waits. A failure of one does not stop the other.
   */
  #wake(): void {
    this.#timerMs = Infinity;
    // Node.js counts a timer from the start of its turn, in whole ms. A timer may therefore fire a
    // fraction of a ms early.
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
