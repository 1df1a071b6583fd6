import { lstatSync, readFileSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isClientName, parseClientRecord, type ClientRecord } from './client-record.js';
import { isFileError } from './file-error.js';
import { clientsPath } from './state-folder.js';
import { distrust } from './trusted.js';

const SUFFIX = '.json';

/**
 * A client file that cannot be used: the client is not let in, and the program says so. A passing
 * fault, such as too many open files, says nothing of the file itself.
 */
export interface ClientFault {
  readonly file: string;
  readonly fault: string;
  readonly isPassing?: true;
}

/** What was read of a file, and of which state of it. */
interface Seen {
  readonly stats: Stats;
  readonly atWallMs: number;
  readonly result: ClientRecord | string;
}

/** More than any right needs, and nothing that would take long to read. */
const MAX_FILE_BYTES = 65_536;
/** In ms: a file that was changed just before it was read may get the same times again. */
const TIME_STEP_MS = 1000;
/** Errors that say something of the file itself. */
const FAULTS: ReadonlySet<unknown> = new Set(['EACCES', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR', 'EPERM']);

/** Reads the files of clients, each by itself, and again only where one has changed. */
export class ClientReader {
  readonly #folder: string;
  readonly #seen = new Map<string, Seen>();
  #reads = 0;

  /** `folder` is that of the state. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** How many files have been read, beyond a look at whether they have changed. */
  get reads(): number {
    return this.#reads;
  }

  /** What the file of a client says now; undefined where there is none. */
  read(name: string, folderOwner: number): ClientRecord | ClientFault | undefined {
    const path = clientFile(this.#folder, name);
    const file = fileOf(name);
    try {
      const stats = statSync(path);
      const before = this.#seen.get(name);
      const isKnown = before !== undefined && isUnchanged(before, stats);
      const result = isKnown ? before.result : this.#parse(path, name, stats, folderOwner);
      return typeof result === 'string' ? { file, fault: result } : result;
    } catch (error) {
      this.#seen.delete(name);
      if (isFileError(error, 'ENOENT'))
        return isDangling(path) ? { file, fault: 'it is a link that leads nowhere' } : undefined;
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
      if (FAULTS.has(code)) return { file, fault: 'it cannot be read' };
      return { file, fault: error instanceof Error ? error.message : String(error), isPassing: true };
    }
  }

  /** A string names the fault of the file. */
  #parse(path: string, name: string, stats: Stats, folderOwner: number): ClientRecord | string {
    this.#reads++;
    const result = faultOf(stats, folderOwner) ?? parseClientRecord(readFileSync(path, 'utf8'), name);
    this.#seen.set(name, { stats, atWallMs: Date.now(), result });
    return result;
  }
}

function faultOf(stats: Stats, folderOwner: number): string | undefined {
  if (!stats.isFile()) return stats.isDirectory() ? 'it cannot be read' : 'it is no file';
  if (stats.size > MAX_FILE_BYTES) return `it is larger than ${MAX_FILE_BYTES} bytes`;
  return distrust(stats, folderOwner);
}

function isUnchanged({ stats, atWallMs }: Seen, now: Stats): boolean {
  const isSame = (['ino', 'dev', 'size', 'mtimeMs', 'ctimeMs', 'mode', 'uid'] as const).every(
    (key) => stats[key] === now[key],
  );
  return isSame && stats.ctimeMs < atWallMs - TIME_STEP_MS;
}

const isDangling = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** The name of the client to whom a file of the folder belongs; undefined if to none. */
export function clientNameOf(file: string): string | undefined {
  const name = file.slice(0, -SUFFIX.length);
  return file.endsWith(SUFFIX) && isClientName(name) ? name : undefined;
}

/** The path of a client's file. */
export const clientFile = (folder: string, name: string): string => join(clientsPath(folder), fileOf(name));

/** The name of a client's file. */
export const fileOf = (name: string): string => `${name}${SUFFIX}`;
