import * as fs from 'node:fs';
import type { Writable } from 'node:stream';
import { codeOf } from '../errors.js';

/** Where the console's text goes. */
export interface ConsoleOutput {
  /** Writes the text and calls back when it is written or given up. */
  write(text: string, done: () => void): void;
  /**
   * Writes the rest and the text at once, for the last moment of a process, and gives up rather
   * than wait for long.
   */
  writeNow(text: string): void;
  /** Whether the reader has taken nothing for so long that waiting makes no sense. */
  readonly isStuck: boolean;
}

/** A stream that the program gave. */
export class StreamOutput implements ConsoleOutput {
  /** How long to wait for a stream is its owner's business. */
  readonly isStuck = false;
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(text: string, done: () => void): void {
    if (this.#stream.writable) this.#stream.write(text, () => done());
    else done();
  }

  writeNow(text: string): void {
    if (this.#stream.writable) this.#stream.write(text);
  }
}

// How long a terminal or pipe that takes nothing is left alone before it is tried again.
const RETRY_MS = 20;
const EXIT_WAIT_MS = 200;
const STUCK_MS = 1000;

/**
 * The process's stderr or stdout, without Node's streams: these block the whole process while a
 * pipe has no reader, or while Ctrl-S stops the terminal. Terminals and pipes are opened a second
 * time, non-blocking; anything else is written by a thread of the pool.
 */
export class DescriptorOutput implements ConsoleOutput {
  readonly #descriptor: number;
  readonly #isNonBlocking: boolean;
  // The texts that are not written yet, the first of them perhaps in part.
  readonly #waiting: { rest: Buffer; readonly done: () => void }[] = [];
  #progressMs = 0;

  constructor(descriptor: 1 | 2) {
    const opened = openNonBlocking(descriptor);
    this.#descriptor = opened ?? descriptor;
    this.#isNonBlocking = opened !== undefined;
  }

  get isStuck(): boolean {
    return this.#waiting.length > 0 && performance.now() - this.#progressMs > STUCK_MS;
  }

  write(text: string, done: () => void): void {
    this.#waiting.push({ rest: Buffer.from(text), done });
    if (this.#waiting.length > 1) return;
    this.#progressMs = performance.now();
    this.#writeFirst();
  }

  writeNow(text: string): void {
    // A thread of the pool finishes its write before the process is gone.
    const waiting = this.#waiting.slice(this.#isNonBlocking ? 0 : 1).map(({ rest }) => rest);
    let left = Buffer.concat([...waiting, Buffer.from(text)]);
    const endMs = performance.now() + EXIT_WAIT_MS;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (left.length > 0 && performance.now() < endMs) {
      const bytes = this.#tryNow(left);
      if (bytes === undefined) return;
      left = left.subarray(bytes);
      if (bytes === 0) Atomics.wait(pause, 0, 0, 5);
    }
  }

  readonly #writeFirst = (): void => {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { rest } = first;
      if (!this.#isNonBlocking) {
        fs.write(this.#descriptor, rest, (error, bytes) => {
          if (this.#tookAll(error ? lostOrZero(error) : bytes)) this.#writeFirst();
        });
        return;
      }
      if (!this.#tookAll(this.#tryNow(rest))) return;
    }
  };

  /** Whether the first is done; if not, it will be tried again. */
  #tookAll(bytes: number | undefined): boolean {
    const [first] = this.#waiting;
    if (first === undefined) return true;
    if (bytes !== 0) this.#progressMs = performance.now();
    first.rest = first.rest.subarray(bytes ?? first.rest.length);
    if (first.rest.length === 0) {
      this.#waiting.shift();
      first.done();
      return true;
    }
    const timer = setTimeout(this.#writeFirst, RETRY_MS);
    // A program that has nothing else to do waits for a slow reader, but not for one that is gone.
    if (this.isStuck) timer.unref();
    return false;
  }

  /** How many bytes were taken; undefined if the reader is gone for good. */
  #tryNow(bytes: Buffer): number | undefined {
    try {
      return fs.writeSync(this.#descriptor, bytes);
    } catch (error) {
      return lostOrZero(error);
    }
  }
}

function lostOrZero(error: unknown): number | undefined {
  return codeOf(error) === 'EAGAIN' ? 0 : undefined;
}

/**
 * A second, non-blocking descriptor of the same terminal or pipe; undefined for anything else, and
 * where the system has no such thing.
 */
function openNonBlocking(descriptor: 1 | 2): number | undefined {
  // Elsewhere this gives the same descriptor again, or nothing.
  if (process.platform !== 'linux') return undefined;
  try {
    const stats = fs.fstatSync(descriptor);
    // A second descriptor of a file would have a position of its own, and sockets cannot be opened.
    if (!stats.isFIFO() && !stats.isCharacterDevice()) return undefined;
    return fs.openSync(
      `/dev/fd/${descriptor}`,
      fs.constants.O_WRONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY,
    );
  } catch {
    return undefined;
  }
}
