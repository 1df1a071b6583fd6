import { types } from 'node:util';

const WORDS: Readonly<Partial<Record<string, string>>> = {
  EACCES: 'permission denied',
  EPERM: 'it is not permitted',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'no file descriptors left (ulimit -n)',
  ENFILE: 'the system has no file descriptors left',
  ECONNREFUSED: 'no process listens on it',
};

/**
 * One line about a file that the system refused, for one of the reasons that are no fault of the
 * program; undefined for every other error.
 */
export function systemRefusal(error: unknown): string | undefined {
  if (!types.isNativeError(error) || !('code' in error) || !('path' in error)) return undefined;
  const words = WORDS[String(error.code)];
  return words === undefined ? undefined : `${String(error.path)}: ${words}`;
}

/** Says in plain words why the system refused something, such as a folder or a socket. */
export function systemReason(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return WORDS[code] ?? (error instanceof Error ? error.message : String(error));
}
