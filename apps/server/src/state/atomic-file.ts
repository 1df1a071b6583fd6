import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';

/**
 * Replaces a file so that a cut at any moment leaves the old content or the new: written beside it, synced, renamed, and the
 * folder synced. Only the owner can read it (mode 0600). Throws what the file system throws.
 */
export function replaceFile(path: string, content: string): void {
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  try {
    withFile(beside, 'wx', (file) => {
      writeSync(file, content);
      fsyncSync(file);
    });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  withFile(dirname(path), 'r', fsyncSync);
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
