import type { Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { isatty } from 'node:tty';
import Transport from 'winston-transport';
import { LineQueue } from '../line-queue.js';
import { MESSAGE, type LogRecord } from '../record.js';
import { DescriptorOutput, StreamOutput, type ConsoleOutput } from './console-output.js';
import { isJournal, withPriority } from './journal.js';
import { prettyText } from './pretty.js';

/** How records look on the console; `auto` is `pretty` on a terminal and `json` elsewhere. */
export type ConsoleFormat = 'auto' | 'pretty' | 'json';

/** Where records appear for an operator, and how. */
export interface ConsoleOptions {
  /**
   * Default `auto`. Where the stream is systemd's journal, each line also gets its priority, as in
   * `<3>`.
   */
  readonly format?: ConsoleFormat;
  /** Default `stderr`, since stdout is for a program's answers. */
  readonly stream?: 'stderr' | 'stdout' | Writable;
  /** Default: on terminals, unless the environment has `NO_COLOR` or `TERM=dumb`. */
  readonly colours?: boolean;
}

/** Takes the console's texts instead of the stream: one record, without a newline at its end. */
export type ConsolePrinter = (text: string) => void;

const MAX_PENDING_BYTES = 1024 * 1024;
const MAX_CHUNK_BYTES = 16 * 1024;
const STUCK_CHECK_MS = 20;

/**
 * Winston's way to the console: formatted, and never blocking on a terminal or pipe without a
 * reader.
 */
export class ConsoleTransport extends Transport {
  /** Takes the texts instead of the stream. */
  printer: ConsolePrinter | undefined;
  /** Whether errors are shown with their stacks where the format is for people. */
  showsStacks = false;
  readonly #format: (record: LogRecord) => string;
  readonly #queue: LineQueue;
  readonly #output: ConsoleOutput;

  constructor(options: ConsoleOptions) {
    super();
    const { stream = 'stderr' } = options;
    const isOwn = typeof stream === 'string';
    this.#output = isOwn ? new DescriptorOutput(DESCRIPTORS[stream]) : new StreamOutput(stream);
    this.#format = this.#formatter(options);
    this.#queue = new LineQueue({
      maxPendingBytes: MAX_PENDING_BYTES,
      maxChunkBytes: MAX_CHUNK_BYTES,
      write: (chunk, _lines, done) => this.#output.write(chunk, done),
    });
  }

  get lostLines(): number {
    return this.#queue.droppedLines;
  }

  override log(record: LogRecord, done: () => void): void {
    const text = this.#format(record);
    if (!this.#isPrinted(text)) this.#queue.push(text);
    done();
  }

  /**
   * A printer that fails must not make the log call fail: the text then goes where it would go
   * without one.
   */
  #isPrinted(text: string): boolean {
    try {
      this.printer?.(text);
      return this.printer !== undefined;
    } catch {
      return false;
    }
  }

  /** Resolves when everything is written, or the reader is gone. */
  async drained(): Promise<void> {
    const drained = this.#queue.drained();
    while (this.#queue.pendingBytes > 0 && !this.#output.isStuck)
      await Promise.race([drained, setTimeout(STUCK_CHECK_MS)]);
  }

  /** For the last moment of a process. */
  writeNow(): void {
    this.#output.writeNow(this.#queue.takeUnwritten());
  }

  override _final(done: () => void): void {
    void this.drained().then(done);
  }

  #formatter({ format = 'auto', stream = 'stderr', colours }: ConsoleOptions): (record: LogRecord) => string {
    const descriptor = typeof stream === 'string' ? DESCRIPTORS[stream] : undefined;
    const isTerminal =
      typeof stream === 'string' ? isatty(DESCRIPTORS[stream]) : 'isTTY' in stream && stream.isTTY === true;
    const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
    const inColour = colours ?? (isTerminal && !process.env.NO_COLOR && process.env.TERM !== 'dumb');
    const text = isPretty
      ? (record: LogRecord) => prettyText(record, inColour, this.showsStacks)
      : (record: LogRecord) => record[MESSAGE];
    if (descriptor === undefined || !isJournal(descriptor, process.env.JOURNAL_STREAM)) return text;
    return (record) => withPriority(record.level, text(record));
  }
}

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const;
