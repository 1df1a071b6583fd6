import { createHash } from 'node:crypto';
import { linkSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, ProgramFailure } from '@relay/program';
import { formatKey, parseKey } from '@relay/session';
import { syncFolder } from './atomic-file.js';
import { isClientName, parseClientRecord, type ClientRecord } from './client-record.js';
import { isFileError } from './file-error.js';
import { clientsPath, readIfThere } from './state-folder.js';

const SUFFIX = '.json';

/** A client file that cannot be used: the client is not let in, and the program says so. */
export interface ClientFault {
  readonly file: string;
  readonly fault: string;
}

/**
 * All clients of a state folder, in the order of their names. Throws an error of the file system
 * that may pass, such as too many open files: no client may lose its rights by that.
 */
export function readClients(folder: string): { records: ClientRecord[]; faults: ClientFault[] } {
  const records = new Map<string, ClientRecord>();
  const faults: ClientFault[] = [];
  for (const file of readdirSync(clientsPath(folder)).sort()) {
    const name = file.slice(0, -SUFFIX.length);
    if (!file.endsWith(SUFFIX) || !isClientName(name)) continue;
    const record = readRecord(join(clientsPath(folder), file), name);
    if (record === undefined) continue; // revoked since the folder was listed
    if (typeof record === 'string') {
      faults.push({ file, fault: record });
      continue;
    }
    const other = records.get(record.publicKey);
    if (other === undefined) records.set(record.publicKey, record);
    else faults.push({ file, fault: `it has the key of client '${other.name}'` });
  }
  return { records: [...records.values()], faults };
}

/** A string names the fault of the file. */
function readRecord(path: string, name: string): ClientRecord | string | undefined {
  try {
    const text = readIfThere(path);
    return text === undefined ? undefined : parseClientRecord(text, name);
  } catch (error) {
    if (isFileError(error, 'EACCES') || isFileError(error, 'EISDIR')) return 'it cannot be read';
    throw error;
  }
}

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
 * Removes a client and returns its record. Throws a ProgramFailure if there is none of this name.
 */
export function removeClient(folder: string, name: string): ClientRecord | undefined {
  const path = clientFile(folder, name);
  const text = isClientName(name) ? readIfThere(path) : undefined;
  if (text === undefined)
    throw new ProgramFailure(EXIT.refused, `there is no client called '${name}': relay-server clients lists them`);
  rmSync(path);
  syncFolder(clientsPath(folder));
  const record = parseClientRecord(text, name);
  return typeof record === 'string' ? undefined : record;
}

const clientFile = (folder: string, name: string): string => join(clientsPath(folder), `${name}${SUFFIX}`);

/** The key by which a client is found: the canonical text of its public key. */
export const clientId = (publicKey: Uint8Array): string => formatKey(publicKey);

export const publicKeyOf = (record: ClientRecord): Uint8Array => parseKey(record.publicKey) ?? new Uint8Array(0);
