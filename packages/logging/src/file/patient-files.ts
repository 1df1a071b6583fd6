import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { remaining, writeRestNow, type Job, type LogFile, type WriteCallback } from './log-file.js';
import { MODE_OF_FILES, MODE_OF_FOLDERS } from './modes.js';

/** Receives a call when writing begins to fail, and one when it works again. */
export interface FaultListener {
  onFault(error: NodeJS.ErrnoException, path: string): void;
  onRecovery(path: string): void;
}

// Long enough not to burden a disk in trouble, short enough that an operator sees that new room
// helps.
const RETRY_MS = 1000;

// How often a file is compared with what its path names now: it may have been removed, or its
// folder.
const CHECK_MS = 1000;

// The file is there, only without room: opening it again would change nothing.
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EAGAIN']);

/**
 * The functions of node:fs that a write stream takes as its `fs` option, so that the stream never
 * sees an error: chunks that cannot be written wait and are tried again each second; a file that is
 * gone, or whose folder is gone, is opened again. After `hurry` nothing waits any more.
 */
export class PatientFiles {
  readonly #listener: FaultListener;
  readonly #byId = new Map<number, LogFile>();
  readonly #byPath = new Map<string, LogFile>();
  readonly #retries = new Map<LogFile, NodeJS.Timeout>();
  #nextId = 1;
  #isFailing = false;
  #isHurrying = false;
  #waiting: (() => void)[] = [];
  onClosed: (path: string) => void = () => undefined;

  constructor(listener: FaultListener) {
    this.#listener = listener;
  }

  /**
   * Notes a chunk that the stream for this path received: `done` reports its end, and the end of
   * the process writes it if the stream has not.
   */
  expect(path: string, text: string, done: (isWritten: boolean) => void): void {
    this.#file(path).expected.push({ text, done });
  }

  /** From now on a write that fails is given up instead of tried again. */
  hurry(): void {
    this.#isHurrying = true;
    for (const [file, timer] of this.#retries) {
      clearTimeout(timer);
      this.#retries.delete(file);
      this.#attempt(file);
    }
  }

  /** Resolves when all files are closed. */
  async closed(): Promise<void> {
    if (this.#byPath.size > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Writes all chunks at once, each with one try: for the last moment of a process. */
  writeNow(): void {
    for (const file of this.#byPath.values()) writeRestNow(file);
  }

  // The names, orders of parameters and callbacks below are node:fs's; streams call them without
  // `this`.

  readonly open = (
    path: string,
    _flags: unknown,
    _mode: unknown,
    callback: (error: null, id: number) => void,
  ): void => {
    const file = this.#file(path);
    const id = this.#nextId++;
    this.#byId.set(id, file);
    this.#ensureOpen(file, () => callback(null, id));
  };

  readonly write = (
    id: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    _position: unknown,
    callback: WriteCallback,
  ): void => {
    this.#start(id, [buffer.subarray(offset, offset + length)], callback);
  };

  readonly writev = (
    id: number,
    buffers: readonly NodeJS.ArrayBufferView[],
    _position: unknown,
    callback: WriteCallback,
  ): void => {
    this.#start(id, buffers, callback);
  };

  readonly close = (id: number, callback: (error: null) => void): void => {
    const file = this.#byId.get(id);
    this.#byId.delete(id);
    const finish = (): void => {
      if (file !== undefined) this.#forget(file);
      callback(null);
    };
    if (file?.descriptor === undefined) finish();
    else fs.close(file.descriptor, finish);
  };

  #file(path: string): LogFile {
    let file = this.#byPath.get(path);
    if (file === undefined) {
      const state = { descriptor: undefined, inode: 0, lengthBytes: 0, checkedMs: 0, isWriting: false, job: undefined };
      file = { path, ...state, expected: [] };
      this.#byPath.set(path, file);
    }
    return file;
  }

  #forget(file: LogFile): void {
    this.#byPath.delete(file.path);
    for (const { done } of file.expected) done(false);
    this.onClosed(file.path);
    if (this.#byPath.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting = [];
  }

  #start(id: number, buffers: readonly NodeJS.ArrayBufferView[], callback: WriteCallback): void {
    const totalBytes = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const file = this.#byId.get(id);
    if (file === undefined) {
      callback(null, totalBytes);
      return;
    }
    file.job = { buffers, totalBytes, callback, writtenBytes: 0 };
    this.#attempt(file);
  }

  #attempt(file: LogFile): void {
    this.#ensureOpen(file, (error) => {
      const { job, descriptor } = file;
      if (job === undefined) return;
      if (descriptor === undefined) {
        this.#fail(file, job, error ?? new Error('the file is not open'));
        return;
      }
      file.isWriting = true;
      fs.writev(descriptor, remaining(job), null, (failure, bytes) => {
        file.isWriting = false;
        job.writtenBytes += failure ? 0 : bytes;
        if (job.writtenBytes === job.totalBytes) this.#finish(file, job, true);
        // A disk without room takes a part first; only the next attempt returns the error.
        else if (!failure && bytes > 0) this.#attempt(file);
        else this.#fail(file, job, failure ?? new Error('nothing was written'));
      });
    });
  }

  #finish(file: LogFile, job: Job, isWritten: boolean): void {
    file.job = undefined;
    if (isWritten) file.lengthBytes += job.totalBytes;
    if (isWritten && this.#isFailing) {
      this.#isFailing = false;
      this.#listener.onRecovery(file.path);
    }
    for (const { done } of file.expected.splice(0, job.buffers.length)) done(isWritten);
    job.callback(null, job.totalBytes);
  }

  #fail(file: LogFile, job: Job, error: NodeJS.ErrnoException): void {
    if (!this.#isFailing) {
      this.#isFailing = true;
      this.#listener.onFault(error, file.path);
    }
    if (this.#isHurrying) {
      this.#giveUp(file, job);
      return;
    }
    if (file.descriptor !== undefined && !NO_ROOM.has(error.code ?? '')) this.#reopenLater(file, job);
    const timer = setTimeout(() => {
      this.#retries.delete(file);
      this.#attempt(file);
    }, RETRY_MS);
    // Lines that wait for room are no reason for a program to live on.
    timer.unref();
    this.#retries.set(file, timer);
  }

  /** Leaves whole lines in the file: a part of a chunk that was written is cut off. */
  #giveUp(file: LogFile, job: Job): void {
    if (file.descriptor === undefined || job.writtenBytes === 0) this.#finish(file, job, false);
    else fs.ftruncate(file.descriptor, file.lengthBytes, () => this.#finish(file, job, false));
  }

  #reopenLater(file: LogFile, job: Job): void {
    if (file.descriptor !== undefined) fs.close(file.descriptor, () => undefined);
    file.descriptor = undefined;
    job.writtenBytes = 0;
  }

  /** Opens the file if it is not open, or if its path names something else by now. */
  #ensureOpen(file: LogFile, then: (error?: NodeJS.ErrnoException) => void): void {
    const nowMs = performance.now();
    if (file.descriptor !== undefined && nowMs - file.checkedMs < CHECK_MS) {
      then();
      return;
    }
    file.checkedMs = nowMs;
    if (file.descriptor === undefined) this.#open(file, then);
    else {
      fs.stat(file.path, (error, stats) => {
        if (!error && stats.ino === file.inode) then();
        else {
          if (file.job !== undefined) this.#reopenLater(file, file.job);
          this.#open(file, then);
        }
      });
    }
  }

  #open(file: LogFile, then: (error?: NodeJS.ErrnoException) => void): void {
    fs.mkdir(dirname(file.path), { recursive: true, mode: MODE_OF_FOLDERS }, () => {
      fs.open(file.path, 'a', MODE_OF_FILES, (error, descriptor) => {
        if (error) {
          then(error);
          return;
        }
        fs.fstat(descriptor, (_error, stats) => {
          file.descriptor = descriptor;
          file.inode = (stats as fs.Stats | undefined)?.ino ?? 0;
          file.lengthBytes = (stats as fs.Stats | undefined)?.size ?? 0;
          then();
        });
      });
    });
  }
}
