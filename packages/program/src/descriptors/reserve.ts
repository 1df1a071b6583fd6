import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/**
 * The number of spare descriptors. They serve a few admin connections, the rotation and compression
 * of a log file, and a name lookup.
 */
const SPARES = 16;
/**
 * Fewer free descriptors than this are a shortage. An admin connection takes one descriptor, and
 * the file that its question reads takes another.
 */
const LEAST_FREE = 4;
/**
 * This many more descriptors must be free before the shortage ends. Without this margin, each flow
 * that ends would begin the shortage again.
 */
const HEADROOM = 16;

/** Opens and closes descriptors. Both calls may throw. */
export interface DescriptorSource {
  open(): number;
  close(descriptor: number): void;
}

const SYSTEM: DescriptorSource = { open: () => openSync(devNull, 'r'), close: closeSync };

/**
 * Spare file descriptors, opened at the start. When the process has no other descriptor left, the
 * reserve closes its spares, so that the admin socket, files and logs still work. Code that opens
 * sockets for strangers opens none while {@link isShort} is true. See
 * docs/decisions/spare-descriptors.md.
 */
export class DescriptorReserve {
  readonly #changed: (isShort: boolean) => void;
  readonly #source: DescriptorSource;
  #spares: number[] = [];
  #isShort = false;

  /** The reserve calls `changed` when a shortage begins and when it ends. */
  constructor(changed: (isShort: boolean) => void, source = SYSTEM) {
    this.#changed = changed;
    this.#source = source;
    this.#spares = this.#opened(SPARES);
    if (this.#spares.length < SPARES) this.ranOut();
  }

  /** True while no new flow may take a descriptor. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** Call this when an operation failed for want of a descriptor. */
  ranOut(): void {
    if (this.#isShort) return;
    this.#isShort = true;
    this.#giveBack(this.#spares.splice(0));
    this.#changed(true);
  }

  /**
   * Call this periodically. It finds a shortage before any operation fails, and it finds the end of
   * one.
   */
  check(): void {
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

  /** Opens as many descriptors as possible, up to `count`. */
  #opened(count: number): number[] {
    const opened: number[] = [];
    try {
      while (opened.length < count) opened.push(this.#source.open());
    } catch {
      // No descriptor is left. The caller sees that from the length of the list.
    }
    return opened;
  }

  #giveBack(descriptors: readonly number[]): void {
    for (const descriptor of descriptors) this.#source.close(descriptor);
  }
}
