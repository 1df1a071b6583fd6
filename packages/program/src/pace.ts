import type { Machine } from './machine.js';

/** How long work goes on before everything else has its turn, in ms. */
const SLICE_MS = 2;
/** The most pieces of one slice: those who begin at the same time know nothing of each other. */
const MAX_PIECES = 16;

/**
 * Cuts long work into slices, so that it holds up nothing else. All work with one pace shares its
 * slices: two who work at the same time take no longer a slice than one.
 */
export class Pace {
  readonly #machine: Pick<Machine, 'clock' | 'soon'>;
  readonly #waiting: (() => void)[] = [];
  /** When the slice of this turn of the event loop began, ms; undefined: nothing was done in it. */
  #startedMs: number | undefined;
  #pieces = 0;

  constructor(machine: Pick<Machine, 'clock' | 'soon'>) {
    this.#machine = machine;
  }

  /**
   * Resolves at once while the slice lasts, and after it when all sockets that are ready have
   * delivered. Call it between small pieces of the work.
   */
  async turn(): Promise<void> {
    if (this.#startedMs === undefined) this.#begin();
    else if (this.#isOver(this.#startedMs)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#pieces++;
  }

  #isOver(startedMs: number): boolean {
    if (this.#waiting.length > 0 || this.#pieces >= MAX_PIECES) return true;
    return this.#machine.clock() - startedMs >= SLICE_MS;
  }

  #begin(): void {
    const { clock, soon } = this.#machine;
    this.#startedMs = clock();
    this.#pieces = 1;
    soon(() => this.#next());
  }

  #next(): void {
    this.#startedMs = undefined;
    const resolve = this.#waiting.shift();
    if (resolve === undefined) return;
    this.#begin();
    resolve();
  }
}
