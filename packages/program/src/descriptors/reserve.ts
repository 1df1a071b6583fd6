import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/**
 * Enough for some admin connections, a log file that is rotated and compressed, and a name that is
 * looked up.
 */
const SPARES = 16;
/**
 * Fewer than that free are a shortage: an admin connection takes one, and the file that its
 * question reads another.
 */
const LEAST_FREE = 4;
/**
 * So many more must be free before flows are let in again, or each that ends would begin the
 * shortage anew.
 */
const HEADROOM = 16;

/** How a descriptor is had and given back; both may throw. */
export interface DescriptorSource {
  open(): number;
  close(descriptor: number): void;
}

const SYSTEM: DescriptorSource = { open: () => openSync(devNull, 'r'), close: closeSync };

/**
 * Spare file descriptors, opened at the start. Where none is left they are given up at once, so
 * that the admin socket, files and logs work on; {@link isShort} then tells those who open sockets
 * for strangers to leave them alone. See docs/decisions/spare-descriptors.md.
 */
export class DescriptorReserve {
  readonly #changed: (isShort: boolean) => void;
  readonly #source: DescriptorSource;
  #spares: number[] = [];
  #isShort = false;

  /** `changed` is called when a shortage begins and when it ends. */
  constructor(changed: (isShort: boolean) => void, source = SYSTEM) {
    this.#changed = changed;
    this.#source = source;
    this.#spares = this.#opened(SPARES);
    if (this.#spares.length < SPARES) this.ranOut();
  }

  /** Whether no new flow should take a descriptor. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** To be called where something failed for want of a descriptor. */
  ranOut(): void {
    if (this.#isShort) return;
    this.#isShort = true;
    this.#giveBack(this.#spares.splice(0));
    this.#changed(true);
  }

  /** To be called from time to time: sees a shortage that nothing has run into yet, and its end. */
  look(): void {
    const wanted = this.#isShort ? SPARES + HEADROOM : LEAST_FREE;
    const opened = this.#opened(wanted);
    const isEnough = opened.length === wanted;
    if (this.#isShort && isEnough) {
      this.#spares = opened.splice(0, SPARES);
      this.#isShort = false;
      this.#giveBack(opened);
      this.#changed(false);
      return;
    }
    this.#giveBack(opened);
    if (!isEnough) this.ranOut();
  }

  close(): void {
    this.#giveBack(this.#spares.splice(0));
  }

  /** As many as can be had, up to `count`. */
  #opened(count: number): number[] {
    const opened: number[] = [];
    try {
      while (opened.length < count) opened.push(this.#source.open());
    } catch {
      // No more are left, which the caller sees.
    }
    return opened;
  }

  #giveBack(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) this.#source.close(descriptor);
  }
}
