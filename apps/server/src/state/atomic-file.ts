import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { types } from 'node:util';

/**
 * Replaces a file so that a cut at any moment leaves the old content or the new: written beside it,
 * synced, renamed, and the folder synced. Only the owner can read it (mode 0600). Throws the file
 * system's error.
 */
export function replaceFile(path: string, content: string): void {
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    withFile(beside, 'wx', (file) => {
      writeFileSync(file, content); // all of it, where writeSync may write a part on a disk that is nearly full
      fsyncSync(file);
    });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    // The name of the file beside is a new one each time, and tells nobody anything.
    if (types.isNativeError(error))
      Object.assign(error, { message: error.message.replaceAll(beside, path), ...('path' in error && { path }) });
    throw error;
  }
  syncFolder(dirname(path));
}

/**
 * Makes sure that a file that was added to a folder, renamed or removed stays so after a
 * power cut.
 */
export function syncFolder(path: string): void {
  withFile(path, 'r', fsyncSync);
}

const OWNER_ONLY = 0o600;

function withFile(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags, OWNER_ONLY);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
