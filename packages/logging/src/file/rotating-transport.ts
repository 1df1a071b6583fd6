import DailyRotateFile from 'winston-daily-rotate-file';
import { LineQueue } from '../line-queue.js';
import { MESSAGE, type LogRecord } from '../record.js';

export interface RotatingOptions {
  readonly directory: string;
  /** The first part of the file's name: `relay` for `relay-2026-11-23.log`. */
  readonly name: string;
  readonly maxFileBytes: number;
  readonly maxFiles: number;
  readonly maxTotalBytes: number;
  readonly maxPendingBytes: number;
}

/** Winston's way to rotating files. */
export class RotatingTransport extends DailyRotateFile {
  readonly #queue: LineQueue;

  constructor(options: RotatingOptions) {
    const maxChunkBytes = Math.min(64 * 1024, Math.floor(options.maxFileBytes / 4));
    super({
      dirname: options.directory,
      filename: `${options.name}-%DATE%`,
      extension: '.log',
      datePattern: 'YYYY-MM-DD',
      utc: true,
      maxSize: `${Math.floor((options.maxFileBytes - maxChunkBytes) / 1024)}k`,
      auditFile: 'unused',
    });
    this.logStream.on('error', () => undefined);
    this.#queue = new LineQueue({
      maxPendingBytes: options.maxPendingBytes,
      maxChunkBytes,
      write: (chunk, _lines, done) => {
        this.logStream.write(chunk);
        done();
      },
    });
  }

  override log(record: LogRecord, done: () => void): void {
    this.writeLine(record[MESSAGE]);
    done();
  }

  writeLine(line: string): void {
    this.#queue.push(line);
  }

  drained(): Promise<void> {
    return this.#queue.drained();
  }

  override close(): void {
    // DailyRotateFile's own would end the stream a second time.
  }

  override _final(done: () => void): void {
    void this.#queue.drained().then(() => {
      this.logStream.once('finish', done);
      this.logStream.end();
    });
  }
}
