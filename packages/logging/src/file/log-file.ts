import * as fs from 'node:fs';
import { MODE_OF_FILES } from './modes.js';

/** The callback by which a stream learns that its write has ended. */
export type WriteCallback = (error: NodeJS.ErrnoException | null, bytes: number) => void;

/** One chunk that was handed to a stream; `done` says whether its lines are in the file. */
interface Chunk {
  readonly text: string;
  readonly done: (isWritten: boolean) => void;
}

/** One write of a stream, until it is done or given up. */
export interface Job {
  readonly buffers: readonly NodeJS.ArrayBufferView[];
  readonly totalBytes: number;
  readonly callback: WriteCallback;
  writtenBytes: number;
}

/** A file that is being written, by its path; it may not be open yet, or not any more. */
export interface LogFile {
  readonly path: string;
  descriptor: number | undefined;
  inode: number;
  /** Without the job that is being written. */
  lengthBytes: number;
  /** When the path was last compared with the open file. */
  checkedMs: number;
  /** Between the system call and its answer. */
  isWriting: boolean;
  job: Job | undefined;
  /** The chunks that streams received for this file and have not written, the job's first. */
  readonly expected: Chunk[];
}

/** The part of a job that is not written. */
export function remaining(job: Job): NodeJS.ArrayBufferView[] {
  let skip = job.writtenBytes;
  const rest: NodeJS.ArrayBufferView[] = [];
  for (const buffer of job.buffers) {
    if (skip < buffer.byteLength)
      rest.push(new Uint8Array(buffer.buffer, buffer.byteOffset + skip, buffer.byteLength - skip));
    skip = Math.max(0, skip - buffer.byteLength);
  }
  return rest;
}

// How long the end of a process waits for a write that the kernel has already.
const EXIT_WAIT_MS = 200;

/** Writes all chunks of a file at once: for the last moment of a process. */
export function writeRestNow(file: LogFile): void {
  // The kernel writes the chunk that it has already; the rest has to come after it.
  if (file.isWriting) awaitGrowth(file);
  else cutPart(file);
  const chunks = file.expected.slice(file.isWriting ? file.job?.buffers.length : 0);
  appendNow(file.path, chunks.map(({ text }) => text).join(''));
  file.expected.length = 0;
}

/** Waits a moment for a write that is in the kernel. */
function awaitGrowth({ descriptor, lengthBytes, job }: LogFile): void {
  if (descriptor === undefined || job === undefined) return;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const endMs = performance.now() + EXIT_WAIT_MS;
  while (performance.now() < endMs) {
    try {
      if (fs.fstatSync(descriptor).size >= lengthBytes + job.totalBytes) return;
    } catch {
      return;
    }
    Atomics.wait(pause, 0, 0, 1);
  }
}

/**
 * Cuts off the part of a chunk that was written before the disk had no room, so that the chunk can
 * be written whole.
 */
function cutPart({ descriptor, lengthBytes, job }: LogFile): void {
  if (descriptor === undefined || job === undefined || job.writtenBytes === 0) return;
  try {
    fs.ftruncateSync(descriptor, lengthBytes);
  } catch {
    // Then a torn line stays, which the next start ends with a newline.
  }
}

/** Appends at once; there is no second try. */
export function appendNow(path: string, text: string): void {
  if (text === '') return;
  try {
    fs.appendFileSync(path, text, { mode: MODE_OF_FILES });
  } catch {
    // The process ends here: no caller is left, and no time to try again.
  }
}
