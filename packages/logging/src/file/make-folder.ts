import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const OWNER_ONLY = 0o700;

/**
 * Makes a folder and those above it where they are missing, by default for the owner alone. Throws
 * the file system's error. It makes one after the other: `mkdir` of Node.js with `recursive` never
 * returns where a file system takes no folders, such as /proc.
 */
export function makeFolder(path: string, mode = OWNER_ONLY): void {
  const folder = resolve(path);
  const parent = dirname(folder);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (parent !== folder) makeFolder(parent, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}
