import type { Writable } from 'node:stream';
import Transport from 'winston-transport';
import { LineQueue } from '../line-queue.js';
import { MESSAGE, type LogRecord } from '../record.js';
import { isJournal, withPriority } from './journal.js';
import { prettyLine } from './pretty.js';

/** How records look on the console; `auto` is `pretty` on a terminal and `json` elsewhere. */
export type ConsoleFormat = 'auto' | 'pretty' | 'json';

export interface ConsoleOptions {
  /** Default `auto`. Where the stream is systemd's journal, each line also gets its priority, as in `<3>`. */
  readonly format?: ConsoleFormat;
  /** Default `stderr`, since stdout is for what a program answers. */
  readonly stream?: 'stderr' | 'stdout' | Writable;
  /** Default: on terminals, unless the environment variable `NO_COLOR` is set. */
  readonly colours?: boolean;
}

/** Takes the console's texts instead of the stream: one record, without a newline at its end. */
export type ConsolePrinter = (text: string) => void;

const MAX_PENDING_BYTES = 1024 * 1024;
const MAX_CHUNK_BYTES = 16 * 1024;

/** Winston's way to the console: formatted, and never blocking on a terminal or pipe that nobody reads. */
export class ConsoleTransport extends Transport {
  printer: ConsolePrinter | undefined;
  readonly #format: (record: LogRecord) => string;
  readonly #queue: LineQueue;
  readonly #stream: Writable;

  constructor(options: ConsoleOptions) {
    super();
    const { stream = 'stderr' } = options;
    this.#stream = typeof stream === 'string' ? process[stream] : stream;
    this.#format = formatter(options, this.#stream);
    this.#queue = new LineQueue({
      maxPendingBytes: MAX_PENDING_BYTES,
      maxChunkBytes: MAX_CHUNK_BYTES,
      write: (chunk, _lines, done) => this.#stream.write(chunk, () => done()),
    });
  }

  override log(record: LogRecord, done: () => void): void {
    const text = this.#format(record);
    if (this.printer) this.printer(text);
    else this.#queue.push(text);
    done();
  }

  drained(): Promise<void> {
    return this.#queue.drained();
  }

  override _final(done: () => void): void {
    void this.#queue.drained().then(done);
  }
}

function formatter({ format = 'auto', colours }: ConsoleOptions, stream: Writable): (record: LogRecord) => string {
  const isTerminal = 'isTTY' in stream && stream.isTTY === true;
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const inColour = colours ?? (isTerminal && !process.env.NO_COLOR);
  const line = isPretty ? (record: LogRecord) => prettyLine(record, inColour) : (record: LogRecord) => record[MESSAGE];
  const descriptor = 'fd' in stream && typeof stream.fd === 'number' ? stream.fd : undefined;
  if (descriptor === undefined || !isJournal(descriptor, process.env.JOURNAL_STREAM)) return line;
  return (record) => withPriority(record.level, line(record));
}
