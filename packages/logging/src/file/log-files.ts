import { accessSync, constants, statSync } from 'node:fs';
import { types } from 'node:util';
import { codeOf, LoggingError } from '../errors.js';
import type { Logger } from '../logger.js';
import { lockDirectory } from './directory-lock.js';
import { makeFolder } from './make-folder.js';
import { MODE_OF_FOLDERS } from './modes.js';
import { RotatingTransport, type OutputListener, type RotatingOptions } from './rotating-transport.js';

/** The files of one folder: the log, of which winston is the source, and the metrics log. */
export interface LogFiles {
  readonly log: RotatingTransport;
  readonly metrics: RotatingTransport;
  readonly lostLines: number;
  drained(): Promise<void>;
  /** For the last moment of a process: writes the rest, without waiting for anything. */
  writeNow(): void;
  /** Ends the metrics log and gives the folder back; winston has ended the log. */
  close(): Promise<void>;
}

/** @throws {LoggingError} `directory-unusable` or `directory-in-use` */
export function openLogFiles(options: RotatingOptions | undefined, own: Logger): LogFiles | undefined {
  if (options === undefined) return undefined;
  const { directory } = options;
  let unlock: (() => void) | undefined;
  try {
    makeFolder(directory, MODE_OF_FOLDERS);
    accessSync(directory, constants.W_OK | constants.X_OK);
    refuseStrangers(directory);
    unlock = lockDirectory(directory);
    const log = new RotatingTransport(options, listener(own, 'log'));
    return logFiles(log, new RotatingTransport({ ...options, name: 'metrics' }, listener(own, 'metrics')), unlock);
  } catch (error) {
    unlock?.();
    if (error instanceof LoggingError) throw error;
    throw new LoggingError('directory-unusable', `cannot keep logs in ${directory}: ${reason(error)}`, {
      cause: error,
    });
  }
}

const [WRITABLE_BY_OTHERS, STICKY] = [0o002, 0o1000];

/**
 * Whoever may write there could put a link in the place of the next log file, and have the lines
 * appended to any file of ours.
 */
function refuseStrangers(directory: string): void {
  const { mode } = statSync(directory);
  if ((mode & WRITABLE_BY_OTHERS) === 0 || (mode & STICKY) !== 0) return;
  throw new LoggingError(
    'directory-unusable',
    `cannot keep logs in ${directory}: every user of this host can write there (chmod o-w ${directory})`,
  );
}

function logFiles(log: RotatingTransport, metrics: RotatingTransport, unlock: () => void): LogFiles {
  return {
    log,
    metrics,
    get lostLines() {
      return log.lostLines + metrics.lostLines;
    },
    async drained() {
      await Promise.all([log.drained(), metrics.drained()]);
    },
    writeNow() {
      log.writeNow();
      metrics.writeNow();
      unlock();
    },
    async close() {
      await new Promise<void>((resolve) => {
        metrics.once('finish', resolve);
        metrics.end();
      });
      unlock();
    },
  };
}

/** Logs a fault once, and once that it is over; the log's own repetition rule does the rest. */
function listener(own: Logger, kind: string): OutputListener {
  return {
    onFault: (error, path) =>
      own.warn(`cannot write the ${kind} file; lines wait in memory, then are dropped`, { path, error }),
    onRecovery: (path, lostLines) => own.info(`the ${kind} file is written again`, { path, lostLines }),
    onOverflow: () => own.warn(`the disk is too slow for the ${kind} file; lines are dropped and counted`),
  };
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'it, or what is above it, is not a folder',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
  ENAMETOOLONG: 'the name is too long',
};

function reason(error: unknown): string {
  return REASONS[codeOf(error)] ?? (types.isNativeError(error) ? error.message : String(error));
}
