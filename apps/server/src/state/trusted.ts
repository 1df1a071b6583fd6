/** Who else may write what a server trusts: its key and the rights of its clients. */
import type { Stats } from 'node:fs';

const WRITABLE_BY_OTHERS = 0o022;
const ROOT = 0;

/**
 * Why a file or folder of the state cannot be trusted, with the remedy; undefined if it can. Its
 * owner must be this user, root, or, where this is root, the owner of the whole folder; nobody else
 * may write it. Always undefined where the system has no such owners.
 */
export function distrust({ uid, mode }: Pick<Stats, 'uid' | 'mode'>, folderOwner: number): string | undefined {
  const own = process.getuid?.();
  if (own === undefined) return undefined;
  const isOwned = uid === own || uid === ROOT || (own === ROOT && uid === folderOwner);
  if (!isOwned) return `it belongs to another user (uid ${uid}): run chown on it`;
  return (mode & WRITABLE_BY_OTHERS) === 0 ? undefined : 'others can write it: run chmod go-w on it';
}
