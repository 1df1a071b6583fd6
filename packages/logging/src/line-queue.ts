/** Takes a chunk of whole lines; calls back when it is written or given up. */
export type ChunkWriter = (chunk: string, lines: number, done: () => void) => void;

export interface LineQueueOptions {
  /** Lines that would make more than this wait are dropped and counted. */
  readonly maxPendingBytes: number;
  /** The most one chunk may hold, unless a single line is longer. */
  readonly maxChunkBytes: number;
  readonly write: ChunkWriter;
  /**
   * Lines begin to be dropped; called again only after less than half of what may wait was waiting.
   */
  readonly onOverflow?: () => void;
}

/**
 * Collects lines of one turn of the event loop and writes them in chunks. It is bounded: lines that
 * do not fit are dropped and counted, so that a slow or stuck output costs neither memory nor time.
 */
export class LineQueue {
  readonly #options: LineQueueOptions;
  #lines: string[] = [];
  #bytes = 0;
  #writing = 0;
  #scheduled = false;
  #dropped = 0;
  #isOverflowing = false;
  #waiting: (() => void)[] = [];

  constructor(options: LineQueueOptions) {
    this.#options = options;
  }

  /** The bytes of waiting lines and of the chunk that is being written. */
  get pendingBytes(): number {
    return this.#bytes + this.#writing;
  }

  /** Lines dropped since the beginning. */
  get droppedLines(): number {
    return this.#dropped;
  }

  /** Adds a line, without its newline; false if it was dropped. */
  push(line: string): boolean {
    const bytes = Buffer.byteLength(line) + 1;
    if (this.pendingBytes + bytes > this.#options.maxPendingBytes) {
      this.#drop();
      return false;
    }
    if (this.#bytes + bytes > this.#options.maxChunkBytes) this.flush();
    this.#lines.push(line);
    this.#bytes += bytes;
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
    return true;
  }

  /** Gives the collected lines to the writer now. */
  flush(): void {
    if (this.#lines.length === 0) return;
    const { chunk, lines, bytes } = this.#take();
    this.#writing += bytes;
    this.#options.write(chunk, lines, () => {
      this.#writing -= bytes;
      if (this.pendingBytes < this.#options.maxPendingBytes / 2) this.#isOverflowing = false;
      if (this.pendingBytes === 0) this.#settle();
    });
  }

  /** The lines that were not yet given to the writer; for the last moment of a process. */
  takeUnwritten(): string {
    return this.#take().chunk;
  }

  /** Resolves when nothing waits and nothing is being written. */
  async drained(): Promise<void> {
    this.flush();
    if (this.pendingBytes === 0) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #drop(): void {
    this.#dropped++;
    if (this.#isOverflowing) return;
    this.#isOverflowing = true;
    this.#options.onOverflow?.();
  }

  #take(): { chunk: string; lines: number; bytes: number } {
    const taken = {
      chunk: this.#lines.length === 0 ? '' : `${this.#lines.join('\n')}\n`,
      lines: this.#lines.length,
      bytes: this.#bytes,
    };
    this.#lines = [];
    this.#bytes = 0;
    return taken;
  }

  #settle(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
