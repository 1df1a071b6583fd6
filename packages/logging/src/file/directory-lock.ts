import * as fs from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf, LoggingError } from '../errors.js';

const LOCK_FILE = '.lock';

// The lock files that this process holds. An earlier process with the same pid left any other that
// names this pid.
const held = new Set<string>();

/**
 * Takes a log folder for this process, since two that rotate the same files would lose each other's
 * lines. The lock of a process that is gone is taken over. Returns the function that gives it back.
 *
 * @throws {LoggingError} `directory-in-use`; or the file system's error.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(resolve(directory), LOCK_FILE);
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  if (held.has(path)) throw inUse(directory, process.pid);
  for (;;) {
    try {
      fs.writeFileSync(path, mine, { flag: 'wx', mode: 0o640 });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const holder = liveHolder(path);
    if (holder !== undefined) throw inUse(directory, holder);
    fs.rmSync(path, { force: true });
  }
  held.add(path);
  return () => {
    held.delete(path);
    fs.rmSync(path, { force: true });
  };
}

/** The process that the file names, if it still runs and is not this one. */
function liveHolder(path: string): number | undefined {
  try {
    const { pid, started } = JSON.parse(fs.readFileSync(path, 'utf8')) as { pid?: unknown; started?: unknown };
    if (typeof pid !== 'number' || pid === process.pid || !isRunning(pid)) return undefined;
    // Numbers of processes are used again; the time of the start tells another process from the one
    // that held the folder.
    return startOf(pid) === started ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * When a process started, in the kernel's own measure (proc(5), `stat`, field 22, with the boot's
 * identity), empty where there is no /proc.
 */
export function startOf(pid: number): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field, the command in parentheses, may hold blanks and parentheses itself.
    return `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return '';
  }
}

function inUse(directory: string, pid: number): LoggingError {
  return new LoggingError(
    'directory-in-use',
    `the log folder ${directory} is in use by process ${pid}; give each program a folder of its own`,
  );
}
