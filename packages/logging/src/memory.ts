import { getHeapStatistics } from 'node:v8';

/** Memory that the process holds, in bytes. */
export interface MemoryUsage {
  /**
   * Resident memory. To read it the system has to open a file: where no file descriptor is left
   * this is the last figure that could be read, or the peak of the process (`getrusage`) if there
   * never was one.
   */
  readonly rss: number;
  /** The part of the JavaScript heap that is in use. */
  readonly heapUsed: number;
  /** Outside of the JavaScript heap, buffers above all. */
  readonly external: number;
}

/** Reads the memory figures of this process; reading never throws, whatever the source does. */
export class MemoryReader {
  readonly #source: () => MemoryUsage;
  #lastRss: number | undefined;

  /** The source may throw, as `process.memoryUsage` does where no file descriptor is left. */
  constructor(source: () => MemoryUsage = process.memoryUsage) {
    this.#source = source;
  }

  read(): MemoryUsage {
    try {
      const usage = this.#source();
      this.#lastRss = usage.rss;
      return usage;
    } catch {
      // V8 and getrusage need no descriptor.
      const { used_heap_size: heapUsed, external_memory: external } = getHeapStatistics();
      return { rss: this.#lastRss ?? process.resourceUsage().maxRSS * 1024, heapUsed, external };
    }
  }
}
