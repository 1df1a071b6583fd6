import { accessSync, closeSync, constants, fstatSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from '@relay/logging';
import { EXIT, ProgramFailure, systemReason } from '@relay/program';
import { formatKey, generateKeyPair, keyPairOf, parseKey, type KeyPair } from '@relay/session';
import { replaceFile } from './atomic-file.js';
import { isFileError } from './file-error.js';
import { distrust } from './trusted.js';

/** The folder in which a server keeps its keys and clients. */
export interface StateFolder {
  readonly path: string;
  readonly staticKey: KeyPair;
  /** Whether this call made the server's key: its first start. */
  readonly isNew: boolean;
}

/**
 * Makes the folder where it is missing, without keys, and returns its path. Throws a ProgramFailure
 * where that is not possible.
 */
export function makeStateFolder(path: string): string {
  const folder = resolve(path);
  try {
    makeFolder(clientsPath(folder));
    for (const path of [folder, clientsPath(folder)]) assertTrusted(path, folder);
    return folder;
  } catch (error) {
    if (error instanceof ProgramFailure) throw error;
    throw cannotUse(folder, error);
  }
}

/**
 * Opens the folder, and makes it and its keys where they are missing. Throws a ProgramFailure where
 * that is not possible.
 */
export function openStateFolder(path: string): StateFolder {
  const folder = makeStateFolder(path);
  try {
    const key = secretFile(serverKeyPath(folder));
    assertTrusted(serverKeyPath(folder), folder);
    return { path: folder, staticKey: keyPairOf(key.value), isNew: key.isNew };
  } catch (error) {
    if (error instanceof ProgramFailure) throw error;
    throw cannotUse(folder, error);
  }
}

/**
 * Returns the path of a state folder that is there, for a command that only reads or removes. It
 * makes nothing. Throws a ProgramFailure where there is none, or where it cannot be read.
 */
export function existingStateFolder(path: string): string {
  const folder = resolve(path);
  try {
    accessSync(clientsPath(folder), constants.R_OK | constants.X_OK);
    return folder;
  } catch (error) {
    if (!isFileError(error, 'ENOENT')) throw cannotUse(folder, error);
    throw new ProgramFailure(
      EXIT.failed,
      `there is no state in ${folder}: the first start of the server makes it, and so does invite (--state names another folder)`,
      { cause: error },
    );
  }
}

/** The failure of a program that cannot use its state folder, or a part of it. */
export const cannotUse = (folder: string, error: unknown): ProgramFailure =>
  new ProgramFailure(
    EXIT.failed,
    `cannot use the state folder ${folder}: ${systemReason(error)}${whoseIs(folder, error)} (--state names another)`,
    { cause: error },
  );

/** The owner of a folder that another user may not look into. */
function whoseIs(folder: string, error: unknown): string {
  if (!isFileError(error, 'EACCES')) return '';
  try {
    return `; it belongs to user ${statSync(folder).uid}: run the command as that user`;
  } catch {
    return '';
  }
}

/**
 * Throws a ProgramFailure where a path of the state folder belongs to another user, or others may
 * write it. Returns the owner of the state folder.
 */
export function assertTrusted(path: string, folder: string): number {
  const owner = statSync(folder).uid;
  const reason = distrust(statSync(path), owner);
  if (reason !== undefined) throw new ProgramFailure(EXIT.failed, `${path} is not safe: ${reason}`);
  return owner;
}

/** The public key in the folder; undefined where there is none. Makes nothing. */
export function publicKeyIn(folder: string): string | undefined {
  const value = parseKey(readIfThere(serverKeyPath(folder))?.trim() ?? '');
  return value && formatKey(keyPairOf(value).publicKey);
}

/**
 * Throws a ProgramFailure where the folder has another key than this server: somebody has removed
 * it and another one was made. What lies in it is for the next server.
 */
export function assertOwnKey({ path, staticKey }: StateFolder): void {
  const found = publicKeyIn(path);
  if (found !== undefined && found !== formatKey(staticKey.publicKey))
    throw new ProgramFailure(
      EXIT.failed,
      `${path} was replaced, and has another key than the running server: start the server again to use it`,
    );
}

/** Undoes the making of the server's key, before anybody knows of it. */
export function forgetServerKey(folder: string): void {
  rmSync(serverKeyPath(folder), { force: true });
}

const serverKeyPath = (folder: string): string => join(folder, 'server.key');

/** The folder with one file for each client. */
export function clientsPath(folder: string): string {
  return join(folder, 'clients');
}

/** Reads 32 secret bytes, or makes them. Refuses a file that others can read. */
function secretFile(path: string): { value: Uint8Array; isNew: boolean } {
  const text = readIfThere(path);
  if (text === undefined) {
    const value = generateKeyPair().privateKey;
    replaceFile(path, `${formatKey(value)}\n`);
    return { value, isNew: true };
  }
  if ((statSync(path).mode & 0o077) !== 0)
    throw new ProgramFailure(
      EXIT.failed,
      `${path} can be read by others: run chmod 600 on it, or remove it to have a new one made`,
    );
  const value = parseKey(text.trim());
  if (value === undefined)
    throw new ProgramFailure(
      EXIT.failed,
      `${path} does not hold a key: restore it, or remove it to have a new one made`,
    );
  return { value, isNew: false };
}

/** More than any file of the state has. */
const MAX_FILE_BYTES = 1 << 26;

/**
 * The text of a file of the state; undefined where there is none. Throws the system's error, and a
 * ProgramFailure where there is something else, such as a pipe, whose reading would not end.
 */
export function readIfThere(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    const fault = !stats.isFile()
      ? 'it is no regular file'
      : stats.size > MAX_FILE_BYTES
        ? 'it is too large'
        : undefined;
    if (fault !== undefined)
      throw new ProgramFailure(EXIT.failed, `cannot read ${path}: ${fault} (restore it, or remove it)`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return undefined;
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
