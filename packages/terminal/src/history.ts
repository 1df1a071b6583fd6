import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const MAX_LINES = 1000;

/**
 * Lines typed before, the newest first as node:readline wants them; none where the file is missing
 * or unreadable.
 */
export function readHistory(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines
      .filter((line) => line !== '')
      .slice(-MAX_LINES)
      .reverse();
  } catch {
    return [];
  }
}

/**
 * Replaces the file by these lines, the newest first, oldest at the top of the file; mode 0600.
 * Lines that begin with a blank are not kept.
 *
 * @throws the file system's error; the old file is then unchanged.
 */
export function writeHistory(file: string, history: readonly string[]): void {
  const lines = history.filter((line) => !/^\s/.test(line)).slice(0, MAX_LINES);
  const fresh = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(
      fresh,
      lines
        .map((line) => `${line}\n`)
        .reverse()
        .join(''),
      { mode: 0o600, flag: 'wx' },
    );
    // The mode above is subject to the umask only towards less; this one is exact.
    chmodSync(fresh, 0o600);
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}
