import { createReadStream, createWriteStream } from 'node:fs';
import * as fs from 'node:fs';
import { rename, rm, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { FileNames } from './file-names.js';

export interface ArchiveOptions {
  readonly directory: string;
  /** The first part of the files' names. */
  readonly name: string;
  /** A file of today that is at least this long is not continued by the next start. */
  readonly fullBytes: number;
  readonly maxFiles: number;
  /** For all files of this name together, less what the file being written may still grow. */
  readonly maxTotalBytes: number;
  /** Whether archived files become `.gz`. */
  readonly compress: boolean;
}

/**
 * Archives files that are no longer written: they get a name that is never used again, are
 * compressed, and the oldest are removed if there are too many. The folder is its only memory, so
 * that a process may be killed at any moment: the next start goes on.
 */
export class Archive {
  readonly #options: ArchiveOptions;
  readonly #names: FileNames;
  readonly #stop = new AbortController();
  #tidying: Promise<void> = Promise.resolve();
  #claimed: string[] = [];

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#names = new FileNames(options.name);
  }

  /**
   * Call it before the first line is written: it takes over the files of an earlier process, except
   * today's file, which is continued after its last whole line.
   *
   * @throws the file system's error where the folder cannot be read or changed.
   */
  takeOver(today: string): void {
    const { directory, fullBytes } = this.#options;
    const entries = fs.readdirSync(directory);
    for (const entry of entries)
      if (this.#names.isUnfinished(entry)) fs.rmSync(join(directory, entry), { force: true });
    for (const entry of this.#names.liveInOrder(entries)) {
      const path = join(directory, entry);
      if (entry === this.#names.live(today) && fs.statSync(path).size < fullBytes) endLastLine(path);
      else {
        const claimed = this.#names.nextArchived(entry, entries);
        fs.renameSync(path, join(directory, claimed));
        entries.push(claimed);
      }
    }
    this.#tidyAgain();
  }

  /** Takes a file that was closed. */
  add(path: string): void {
    this.#claimed.push(path);
    this.#tidyAgain();
  }

  /** Stops compressing and resolves when all work has ended; the next start takes over the rest. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#tidying;
  }

  #tidyAgain(): void {
    this.#tidying = this.#tidying.then(() => this.#tidy());
  }

  /**
   * Never rejects: a step that fails is tried again at the next rotation, and by the next start.
   */
  async #tidy(): Promise<void> {
    try {
      await this.#claim();
      await this.#removeOldest();
      if (this.#options.compress) await this.#compressAll();
      await this.#removeOldest();
    } catch {
      // The folder is gone or the disk is full; PatientFiles reports it.
    }
  }

  async #claim(): Promise<void> {
    for (let [path] = this.#claimed; path !== undefined; [path] = this.#claimed) {
      const { directory } = this.#options;
      const entry = path.slice(directory.length + 1);
      const claimed = this.#names.nextArchived(entry, await readdir(directory));
      // Only now: where the folder could not be read the next rotation tries again.
      this.#claimed.shift();
      await rename(path, join(directory, claimed)).catch(() => undefined);
    }
  }

  async #compressAll(): Promise<void> {
    for (const entry of await readdir(this.#options.directory)) {
      if (this.#stop.signal.aborted) return;
      if (this.#names.isUncompressed(entry)) await this.#compress(join(this.#options.directory, entry));
    }
  }

  async #compress(path: string): Promise<void> {
    const unfinished = `${path}.gz.tmp`;
    try {
      const { mode } = await stat(path);
      const { signal } = this.#stop;
      await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode }), { signal });
      await rename(unfinished, `${path}.gz`);
      await rm(path);
    } catch {
      await rm(unfinished, { force: true });
    }
  }

  async #removeOldest(): Promise<void> {
    const { directory, maxFiles, maxTotalBytes } = this.#options;
    const bytesOf = new Map<string, number>();
    for (const entry of await readdir(directory)) {
      if (this.#names.isOurs(entry))
        bytesOf.set(entry, (await stat(join(directory, entry)).catch(() => undefined))?.size ?? 0);
    }
    const archived = this.#names.archivedInOrder([...bytesOf.keys()]);
    let totalBytes = [...bytesOf.values()].reduce((sum, bytes) => sum + bytes, 0);
    while (archived.length > maxFiles || totalBytes > maxTotalBytes) {
      const oldest = archived.shift();
      if (oldest === undefined) return;
      await rm(join(directory, oldest), { force: true });
      totalBytes -= bytesOf.get(oldest) ?? 0;
    }
  }
}

/**
 * After a process was killed in the middle of a line, that line stays alone instead of spoiling the
 * next one.
 */
function endLastLine(path: string): void {
  const descriptor = fs.openSync(path, 'a+');
  try {
    const { size } = fs.fstatSync(descriptor);
    const last = Buffer.alloc(1);
    if (size > 0 && fs.readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a)
      fs.writeSync(descriptor, '\n');
  } finally {
    fs.closeSync(descriptor);
  }
}
