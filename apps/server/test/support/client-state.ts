import { join } from 'node:path';
import { formatKey, generateKeyPair } from '@relay/session';
import { ClientFiles } from '../../src/state/client-files.js';
import type { ClientRecord } from '../../src/state/client-record.js';
import { openStateFolder, type StateFolder } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../temporary-folder.js';
import { reload } from './reload.js';

const folder = temporaryFolder();
let number = 0;

/** A new state folder. */
export const newState = (): StateFolder => openStateFolder(join(folder, `${++number}`));

/** For files that give no trouble. */
export const noTrouble = (what: string, error: unknown): undefined => {
  throw new Error(what, { cause: error });
};

/** The key of all records. */
export const { publicKey } = generateKeyPair();

/** The record of a client. */
export const record = (name: string, changes: Partial<ClientRecord> = {}): ClientRecord => ({
  name,
  publicKey: formatKey(publicKey),
  allow: ['10.0.0.0/8:53'],
  createdAt: '2026-01-01T00:00:00.000Z',
  ...changes,
});

/** The files of a state folder that were read once. */
export function read(state: StateFolder): ClientFiles {
  const files = new ClientFiles(state.path, noTrouble);
  reload(files);
  return files;
}

/** A look that finds nothing new. */
export const NOTHING = { change: { changed: [], gone: [] }, revoked: [], faults: [] };
