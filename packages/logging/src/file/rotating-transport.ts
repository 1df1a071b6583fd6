import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import DailyRotateFile from 'winston-daily-rotate-file';
import { LineQueue, type ChunkWriter } from '../line-queue.js';
import { MAX_LINE_BYTES, MESSAGE, type LogRecord } from '../record.js';
import { Archive } from './archive.js';
import { appendNow } from './log-file.js';
import { makeFolder } from './make-folder.js';
import { MODE_OF_FOLDERS } from './modes.js';
import { PatientFiles } from './patient-files.js';

export interface RotatingOptions {
  readonly directory: string;
  /** The first part of the files' names: `relay` for `relay-2026-11-23.log`. */
  readonly name: string;
  readonly maxFileBytes: number;
  readonly maxFiles: number;
  readonly maxTotalBytes: number;
  readonly maxPendingBytes: number;
  readonly compress: boolean;
}

/** Receives a call for each fault on the way to the disk. */
export interface OutputListener {
  readonly onFault: (error: Error, path: string) => void;
  /** Writing works again; so many lines were lost since the start. */
  readonly onRecovery: (path: string, lostLines: number) => void;
  /** Lines begin to be dropped, since more wait than may. */
  readonly onOverflow: () => void;
}

// Larger chunks are no faster, and a file ends up to one chunk before its bound.
const LARGEST_CHUNK_BYTES = 64 * 1024;
const RETRY_MS = 1000;

/**
 * Winston's way to files that are rotated by day (UTC) and size. winston-daily-rotate-file decides
 * when a file is full and what the next is called; this class gives it whole chunks of lines
 * instead of single ones, writes through {@link PatientFiles}, which loses nothing at the end of a
 * file or of the process, and leaves full files to an {@link Archive}.
 */
export class RotatingTransport extends DailyRotateFile {
  readonly #directory: string;
  readonly #firstPath: string;
  readonly #files: PatientFiles;
  readonly #archive: Archive;
  readonly #queue: LineQueue;
  readonly #held: Parameters<ChunkWriter>[] = [];
  #path: string | undefined;
  #lost = 0;
  #retry: NodeJS.Timeout | undefined;
  #isClosing = false;

  /** @throws the file system's error where the folder cannot be used. */
  constructor(options: RotatingOptions, listener: OutputListener) {
    const { name, maxFileBytes, maxFiles } = options;
    const directory = resolve(options.directory);
    const maxChunkBytes = Math.max(MAX_LINE_BYTES + 1, Math.min(LARGEST_CHUNK_BYTES, Math.floor(maxFileBytes / 4)));
    // The library starts a new file after one has become longer than this, which is at most one
    // chunk later. It counts in KiB.
    const fullKib = Math.floor((maxFileBytes - maxChunkBytes) / 1024);
    const archive = new Archive({
      directory,
      name,
      fullBytes: fullKib * 1024,
      maxFiles,
      maxTotalBytes: options.maxTotalBytes - maxFileBytes,
      compress: options.compress,
    });
    const today = new Date().toISOString().slice(0, 10);
    archive.takeOver(today);
    const files = new PatientFiles({
      onFault: listener.onFault,
      onRecovery: (path) => listener.onRecovery(path, this.lostLines),
    });
    super({
      dirname: directory,
      filename: `${name}-%DATE%`,
      extension: '.log',
      datePattern: 'YYYY-MM-DD',
      utc: true,
      maxSize: `${fullKib}k`,
      // Only named so that the library does not compute a name from all options: without its own
      // bound on files it writes none.
      auditFile: join(directory, 'unused'),
      options: { flags: 'a', fs: files },
    });
    this.#directory = directory;
    this.#firstPath = join(directory, `${name}-${today}.log`);
    this.#archive = archive;
    this.#files = files;
    this.#files.onClosed = (path) => {
      if (path !== this.#path) this.#archive.add(path);
    };
    this.logStream.on('error', (error: Error) => listener.onFault(error, this.#path ?? directory));
    this.logStream.on('new', (path: string) => (this.#path = path));
    const { maxPendingBytes } = options;
    this.#queue = new LineQueue({
      maxPendingBytes,
      maxChunkBytes,
      write: this.#handOver,
      onOverflow: listener.onOverflow,
    });
  }

  /** Lines that are in no file and will be in none. */
  get lostLines(): number {
    return this.#lost + this.#queue.droppedLines;
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

  /** For the last moment of a process: writes the rest, without waiting for anything. */
  writeNow(): void {
    this.#files.writeNow();
    const held = this.#held.map(([chunk]) => chunk).join('');
    appendNow(this.#path ?? this.#firstPath, held + this.#queue.takeUnwritten());
  }

  override close(): void {
    // DailyRotateFile's own says `finish` at once; winston calls it when the transport is removed.
  }

  override _final(done: () => void): void {
    void this.#end().then(done);
  }

  async #end(): Promise<void> {
    this.#isClosing = true;
    this.#files.hurry();
    if (this.#held.length > 0) this.#handOverHeld();
    await this.#queue.drained();
    this.logStream.end();
    await this.#files.closed();
    await this.#archive.stop();
  }

  readonly #handOver: ChunkWriter = (...chunk) => {
    this.#held.push(chunk);
    this.#handOverHeld();
  };

  readonly #handOverHeld = (): void => {
    // The library says on the first tick which file it chose.
    if (this.#path === undefined) {
      process.nextTick(this.#handOverHeld);
      return;
    }
    clearTimeout(this.#retry);
    const hasFolder = this.#hasFolder();
    if (!hasFolder && !this.#isClosing) {
      this.#retry = setTimeout(this.#handOverHeld, RETRY_MS).unref();
      return;
    }
    for (const [chunk, lines, done] of this.#held.splice(0)) {
      if (hasFolder) this.#write(chunk, lines, done);
      else {
        this.#lost += lines;
        done();
      }
    }
  };

  #write(...[chunk, lines, done]: Parameters<ChunkWriter>): void {
    this.logStream.write(chunk);
    // After the call, since it may have begun a new file.
    this.#files.expect(this.#path ?? '', chunk, (isWritten) => {
      if (!isWritten) this.#lost += lines;
      done();
    });
  }

  /**
   * The library throws in the middle of a rotation where it cannot make the folder, and is of no
   * use afterwards.
   */
  #hasFolder(): boolean {
    try {
      if (!existsSync(this.#directory)) makeFolder(this.#directory, MODE_OF_FOLDERS);
      return true;
    } catch {
      return false;
    }
  }
}
