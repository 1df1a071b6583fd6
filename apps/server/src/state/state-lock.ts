/**
 * One server at a time on a state folder. The lock is the folder `lock` with one socket in it, on
 * which the server that runs listens; docs/decisions/state-lock.md says why.
 */
import { chmodSync, closeSync, mkdtempSync, openSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { EXIT, isListening, MAX_SOCKET_PATH_BYTES, ProgramFailure } from '@relay/program';
import { isFileError } from './file-error.js';
import { cannotUse } from './state-folder.js';

const LOCK = 'lock';

/** The socket of a server that has, or wants, the lock: in a folder of its own. */
interface OwnSocket {
  readonly folder: string;
  readonly name: string;
  close(): void;
}

/** The system's answers where a folder can hold no socket. */
const UNLOCKABLE = ['EROFS', 'EACCES', 'EPERM', 'EINVAL', 'ENAMETOOLONG', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

/**
 * Takes the lock of a state folder for this process, and returns the function that gives it back.
 * The lock of a process that has ended, however it did, is free. Rejects with a ProgramFailure
 * where a server has the lock. Where the folder can hold no lock, calls `unlocked` with the
 * system's error, and goes on.
 */
export async function lockState(folder: string, unlocked: (error: unknown) => void): Promise<() => void> {
  try {
    await deadSockets(folder); // also where nothing can be written
    const own = await ownSocket(folder).catch((error: unknown) => {
      if (!UNLOCKABLE.some((code) => isFileError(error, code))) throw error;
      unlocked(error);
      return undefined;
    });
    if (own === undefined) return () => undefined;
    await moveIn(folder, own);
    return () => giveBack(folder, own);
  } catch (error) {
    if (error instanceof ProgramFailure) throw error;
    throw cannotUse(folder, error);
  }
}

/**
 * Makes a folder with a socket that this process listens on, beside the lock: the socket must be
 * alive from the moment on in which others see it.
 */
async function ownSocket(state: string): Promise<OwnSocket> {
  const folder = mkdtempSync(`${lockPath(state)}.`);
  const name = `${process.pid}.${randomBytes(8).toString('hex')}`;
  const server = createServer((connection) => connection.destroy()).unref();
  const close = (): void => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await withSocketPath(state, join(basename(folder), name), async (path) => {
      await once(server.listen(path), 'listening');
      chmodSync(path, 0o600);
    });
  } catch (error) {
    close();
    throw error;
  }
  server.on('error', () => undefined); // a connection that cannot be taken: the kernel has answered it
  return { folder, name, close };
}

/**
 * Makes the own folder the lock. The system moves a folder only to where there is none, or an empty
 * one; and the names of dead sockets, the only ones that are removed, never come back. So of all
 * that try at once one succeeds, and the others see its socket.
 */
async function moveIn(state: string, own: OwnSocket): Promise<void> {
  try {
    while (!moved(own.folder, lockPath(state)))
      for (const path of await deadSockets(state)) rmSync(path, { recursive: true, force: true });
  } catch (error) {
    own.close();
    throw error;
  }
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (isFileError(error, 'ENOTEMPTY') || isFileError(error, 'EEXIST')) return false;
    throw error;
  }
}

/** What servers that have ended left in the lock. Throws a ProgramFailure if one has not. */
async function deadSockets(state: string): Promise<string[]> {
  const names = namesIn(lockPath(state));
  const pid = await lockHolder(state, names);
  if (pid !== undefined)
    throw new ProgramFailure(
      EXIT.failed,
      `a server already runs on this state (pid ${pid}): ${state} (stop it, or give this one another folder with --state)`,
    );
  return names.map((name) => join(lockPath(state), name));
}

/** The process that has the lock of a state folder, whose lock holds these names; or undefined. */
export async function lockHolder(state: string, names = namesIn(lockPath(state))): Promise<number | undefined> {
  for (const name of names)
    if (await withSocketPath(state, join(LOCK, name), isListening)) return Number.parseInt(name, 10);
  return undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return [];
    throw cannotUse(folder, error);
  }
}

function giveBack(state: string, own: OwnSocket): void {
  try {
    rmSync(join(lockPath(state), own.name), { force: true });
    rmdirSync(lockPath(state)); // unless another server has it by now
  } catch {
    // The socket of a process that has ended is as good as none.
  }
  own.close();
}

/** Gives a path to a file of the state that fits a socket, however long that of the state is. */
async function withSocketPath<T>(state: string, file: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(state, file);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return use(path);
  if (process.platform !== 'linux') throw Object.assign(new Error('the path is too long'), { code: 'ENAMETOOLONG' });
  const handle = openSync(state, 'r');
  try {
    return await use(`/proc/self/fd/${handle}/${file}`);
  } finally {
    closeSync(handle);
  }
}

const lockPath = (state: string): string => join(state, LOCK);
