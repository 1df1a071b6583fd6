import type { Machine } from './machine.js';

/** How long work goes on before everything else has its turn, in ms. */
const SLICE_MS = 2;

/**
 * Cuts long work into slices, so that it holds up nothing else. All work with one pace shares its
 * slices: two who work at the same time take no longer a slice than one.
 */
export class Pace {
  readonly #machine: Pick<Machine, 'clock' | 'soon'>;
  readonly #waiting: (() => void)[] = [];
  #startedMs = -Infinity;

  constructor(machine: Pick<Machine, 'clock' | 'soon'>) {
    this.#machine = machine;
  }

  /**
   * Resolves at once while the slice lasts, and after it when all sockets that are ready have
   * delivered. Call it between small pieces of the work.
   */
  async turn(): Promise<void> {
    const { clock, soon } = this.#machine;
    if (this.#waiting.length === 0 && clock() - this.#startedMs < SLICE_MS) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) soon(() => this.#next());
    });
  }

  #next(): void {
    const { clock, soon } = this.#machine;
    this.#startedMs = clock();
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) soon(() => this.#next());
  }
}
