import { createHash } from 'node:crypto';
import { linkSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, ProgramFailure } from '@relay/program';
import { formatKey, parseKey } from '@relay/session';
import { isClientName, parseClientRecord, type ClientRecord } from './client-record.js';
import { clientsPath, readIfThere } from './state-folder.js';

const SUFFIX = '.json';

/** A client file that cannot be used: the client is not let in, and the program says so. */
export interface ClientFault {
  readonly file: string;
  readonly fault: string;
}

/** All clients of a state folder, in the order of their names. */
export function readClients(folder: string): { records: ClientRecord[]; faults: ClientFault[] } {
  const records: ClientRecord[] = [];
  const faults: ClientFault[] = [];
  for (const file of readdirSync(clientsPath(folder)).sort()) {
    const name = file.slice(0, -SUFFIX.length);
    if (!file.endsWith(SUFFIX) || !isClientName(name)) continue;
    const text = readIfThere(join(clientsPath(folder), file));
    if (text === undefined) continue; // revoked meanwhile
    const record = parseClientRecord(text, name);
    if (typeof record === 'string') faults.push({ file, fault: record });
    else records.push(record);
  }
  return { records, faults };
}

/**
 * Adds a client; its file appears whole or not at all, and never replaces another's. Throws a ProgramFailure if there is a
 * client of this name.
 */
export function addClient(folder: string, record: ClientRecord): void {
  const path = clientFile(folder, record.name);
  const beside = `${path}.${createHash('sha256').update(record.publicKey).digest('hex').slice(0, 12)}.new`;
  try {
    writeFileSync(beside, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(beside, path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
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

/** Removes a client and returns what it was. Throws a ProgramFailure if there is none of this name. */
export function removeClient(folder: string, name: string): ClientRecord | undefined {
  const path = clientFile(folder, name);
  const text = isClientName(name) ? readIfThere(path) : undefined;
  if (text === undefined)
    throw new ProgramFailure(EXIT.refused, `there is no client called '${name}': relay-server clients lists them`);
  rmSync(path);
  const record = parseClientRecord(text, name);
  return typeof record === 'string' ? undefined : record;
}

const clientFile = (folder: string, name: string): string => join(clientsPath(folder), `${name}${SUFFIX}`);

/** The key by which a client is found: the canonical text of its public key. */
export const clientId = (publicKey: Uint8Array): string => formatKey(publicKey);

export const publicKeyOf = (record: ClientRecord): Uint8Array => parseKey(record.publicKey) ?? new Uint8Array(0);
