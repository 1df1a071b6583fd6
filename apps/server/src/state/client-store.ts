import { createHash } from 'node:crypto';
import { linkSync, lstatSync, rmSync, writeFileSync } from 'node:fs';
import { EXIT, ProgramFailure } from '@relay/program';
import { formatKey, parseKey } from '@relay/session';
import { syncFolder } from './atomic-file.js';
import { clientFile } from './client-reader.js';
import { isClientName, type ClientRecord } from './client-record.js';
import { isFileError } from './file-error.js';
import { clientsPath } from './state-folder.js';

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
 * Removes a client, whatever its file holds. Throws a ProgramFailure if there is none of this name.
 */
export function removeClient(folder: string, name: string): void {
  assertClient(folder, name);
  const path = clientFile(folder, name);
  rmSync(path, { recursive: true });
  syncFolder(clientsPath(folder));
}

/** Throws a ProgramFailure if there is no client of this name. */
export function assertClient(folder: string, name: string): void {
  if (!isClientName(name) || lstatSync(clientFile(folder, name), { throwIfNoEntry: false }) === undefined)
    throw new ProgramFailure(EXIT.refused, `there is no client called '${name}': relay-server clients lists them`);
}

/** The key by which a client is found: the canonical text of its public key. */
export const clientId = (publicKey: Uint8Array): string => formatKey(publicKey);

export const publicKeyOf = (record: ClientRecord): Uint8Array => parseKey(record.publicKey) ?? new Uint8Array(0);
