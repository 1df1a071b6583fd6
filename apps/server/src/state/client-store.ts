import { createHash } from 'node:crypto';
import { linkSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { EXIT, ProgramFailure } from '@relay/program';
import { formatKey, parseKey } from '@relay/session';
import { syncFolder } from './atomic-file.js';
import { isClientName, parseClientRecord, type ClientRecord } from './client-record.js';
import { isFileError } from './file-error.js';
import { assertTrusted, clientsPath, readIfThere } from './state-folder.js';
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

/** Files that were read before, by name: those that are unchanged are not read again. */
export type SeenFiles = Map<string, Seen>;

/** More than any right needs, and nothing that would take long to read. */
const MAX_FILE_BYTES = 65_536;
/** In ms: a file that was changed just before it was read may get the same times again. */
const TIME_STEP_MS = 1000;

/**
 * All clients of a state folder, in the order of their names, each by itself. Throws the file
 * system's error where the folder cannot be listed, and a ProgramFailure where others may write it.
 */
export function readClients(
  folder: string,
  seen: SeenFiles = new Map(),
): { records: ClientRecord[]; faults: ClientFault[] } {
  const records = new Map<string, ClientRecord>();
  const faults: ClientFault[] = [];
  const owner = assertTrusted(clientsPath(folder), folder);
  const files = readdirSync(clientsPath(folder)).sort();
  for (const file of files) {
    const name = clientNameOf(file);
    if (!file.endsWith(SUFFIX) || !isClientName(name)) continue;
    const record = readRecord(join(clientsPath(folder), file), name, owner, seen);
    if (record === undefined) continue; // revoked since the folder was listed
    if (typeof record === 'string' || 'passing' in record) {
      faults.push(
        typeof record === 'string' ? { file, fault: record } : { file, fault: record.passing, isPassing: true },
      );
      continue;
    }
    const other = records.get(record.publicKey);
    if (other === undefined) records.set(record.publicKey, record);
    else faults.push({ file, fault: `it has the key of client '${other.name}'` });
  }
  const listed = new Set(files.map(clientNameOf));
  for (const name of seen.keys()) if (!listed.has(name)) seen.delete(name);
  return { records: [...records.values()], faults };
}

/** Errors that say something of the file itself. */
const FAULTS: ReadonlySet<unknown> = new Set(['EACCES', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR', 'EPERM']);

/** A string names the fault of the file. */
function readRecord(
  path: string,
  name: string,
  owner: number,
  seen: SeenFiles,
): ClientRecord | string | { readonly passing: string } | undefined {
  try {
    const stats = statSync(path);
    const before = seen.get(name);
    if (before !== undefined && isUnchanged(before, stats)) return before.result;
    const result = faultOf(stats, owner) ?? parseClientRecord(readFileSync(path, 'utf8'), name);
    seen.set(name, { stats, atWallMs: Date.now(), result });
    return result;
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return isDangling(path) ? 'it is a link that leads nowhere' : undefined;
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (FAULTS.has(code)) return 'it cannot be read';
    return { passing: error instanceof Error ? error.message : String(error) };
  }
}

function faultOf(stats: Stats, owner: number): string | undefined {
  if (!stats.isFile()) return stats.isDirectory() ? 'it cannot be read' : 'it is no file';
  if (stats.size > MAX_FILE_BYTES) return `it is larger than ${MAX_FILE_BYTES} bytes`;
  return distrust(stats, owner);
}

function isUnchanged({ stats, atWallMs }: Seen, now: Stats): boolean {
  const isSame = (['ino', 'dev', 'size', 'mtimeMs', 'ctimeMs', 'mode', 'uid'] as const).every(
    (key) => stats[key] === now[key],
  );
  return isSame && stats.ctimeMs < atWallMs - TIME_STEP_MS;
}

const isDangling = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/**
 * Adds a client; its file appears whole or not at all, and never replaces another's. Throws a
 * ProgramFailure if there is a client of this name.
 */
export function addClient(folder: string, record: ClientRecord): void {
  const path = clientFile(folder, record.name);
  const beside = `${path}.${createHash('sha256').update(record.publicKey).digest('hex').slice(0, 12)}.new`;
  try {
    writeFileSync(beside, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(beside, path);
    syncFolder(clientsPath(folder));
  } catch (error) {
    if (isFileError(error, 'EEXIST'))
      throw new ProgramFailure(
        EXIT.refused,
        `there is a client called '${record.name}' already: choose another name, or revoke it first`,
        { cause: error },
      );
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}

/**
 * Removes a client, whatever its file holds, and returns its record if there is one. Throws a
 * ProgramFailure if there is none of this name.
 */
export function removeClient(folder: string, name: string): ClientRecord | undefined {
  const path = clientFile(folder, name);
  if (!isClientName(name) || lstatSync(path, { throwIfNoEntry: false }) === undefined)
    throw new ProgramFailure(EXIT.refused, `there is no client called '${name}': relay-server clients lists them`);
  const record = recordIn(path, name);
  rmSync(path, { recursive: true });
  syncFolder(clientsPath(folder));
  return record;
}

/** The record in a file that may hold anything; undefined if it holds none. */
function recordIn(path: string, name: string): ClientRecord | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile() || stats.size > MAX_FILE_BYTES) return undefined;
    const record = parseClientRecord(readIfThere(path) ?? '', name);
    return typeof record === 'string' ? undefined : record;
  } catch {
    return undefined; // it goes all the same
  }
}

/** The name of the client to whom a file belongs. */
export const clientNameOf = (file: string): string => file.slice(0, -SUFFIX.length);

const clientFile = (folder: string, name: string): string => join(clientsPath(folder), `${name}${SUFFIX}`);

/** The key by which a client is found: the canonical text of its public key. */
export const clientId = (publicKey: Uint8Array): string => formatKey(publicKey);

export const publicKeyOf = (record: ClientRecord): Uint8Array => parseKey(record.publicKey) ?? new Uint8Array(0);
