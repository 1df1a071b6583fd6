import * as fs from 'node:fs';
import type { Writable } from 'node:stream';

/** Where the console's text goes. */
export interface ConsoleOutput {
  /** Writes the text and calls back when it is written or given up. */
  write(text: string, done: () => void): void;
  /** Writes at once, for the last moment of a process, and gives up rather than wait for long. */
  writeNow(text: string): void;
}

/** A stream that the program gave. */
export class StreamOutput implements ConsoleOutput {
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

/**
 * The process's stderr or stdout, without Node's streams: these block the whole process while nobody reads their pipe, or while someone has
 * stopped their terminal with Ctrl-S. Terminals and pipes are opened a second time, non-blocking; anything else is written by a thread of the pool.
 */
export class DescriptorOutput implements ConsoleOutput {
  readonly #descriptor: number;
  readonly #isNonBlocking: boolean;

  constructor(descriptor: 1 | 2) {
    const opened = openNonBlocking(descriptor);
    this.#descriptor = opened ?? descriptor;
    this.#isNonBlocking = opened !== undefined;
  }

  write(text: string, done: () => void): void {
    this.#writeRest(Buffer.from(text), done);
  }

  writeNow(text: string): void {
    const endMs = performance.now() + EXIT_WAIT_MS;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    let rest = Buffer.from(text);
    while (rest.length > 0 && performance.now() < endMs) {
      const bytes = this.#tryNow(rest);
      if (bytes === undefined) return;
      rest = rest.subarray(bytes);
      if (bytes === 0) Atomics.wait(pause, 0, 0, 5);
    }
  }

  #writeRest(rest: Buffer, done: () => void): void {
    const goOn = (bytes: number | undefined): void => {
      if (bytes === undefined || bytes === rest.length) done();
      else setTimeout(() => this.#writeRest(rest.subarray(bytes), done), bytes > 0 ? 0 : RETRY_MS);
    };
    if (this.#isNonBlocking) goOn(this.#tryNow(rest));
    else fs.write(this.#descriptor, rest, (error, bytes) => goOn(error ? lostOrZero(error) : bytes));
  }

  /** How many bytes were taken; undefined if there will never be anyone to take them. */
  #tryNow(bytes: Buffer): number | undefined {
    try {
      return fs.writeSync(this.#descriptor, bytes);
    } catch (error) {
      return lostOrZero(error);
    }
  }
}

function lostOrZero(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN' ? 0 : undefined;
}

/** A second, non-blocking descriptor of the same terminal or pipe; undefined for anything else, and where the system has no such thing. */
function openNonBlocking(descriptor: 1 | 2): number | undefined {
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
