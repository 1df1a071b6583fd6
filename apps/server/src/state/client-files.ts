import { opendirSync, watch, type FSWatcher } from 'node:fs';
import { basename, join } from 'node:path';
import type { ClientsChange, KnownClient } from '@relay/relay';
import { replaceFile } from './atomic-file.js';
import { clientNameOf, ClientReader, fileOf, type ClientFault } from './client-reader.js';
import { isClientName, type ClientRecord } from './client-record.js';
import { clientId, publicKeyOf } from './client-store.js';
import { ClientsByKey, idOf, type Double } from './clients-by-key.js';
import { DueNames, type ClientNames } from './due-names.js';
import { knownClient } from './known-client.js';
import type { FileTrouble } from './line-file.js';
import { assertTrusted, clientsPath, readIfThere } from './state-folder.js';

/** The findings of a look at files. */
export interface FilesChange {
  /** The change since the look before. */
  readonly change: ClientsChange;
  /** Names of the clients that are gone. */
  readonly revoked: readonly string[];
  readonly faults: readonly ClientFault[];
}

/**
 * The newest timestamps are written this many ms after a handshake: one write for a storm of
 * handshakes.
 */
const WRITE_DELAY_MS = 1000;
/** In ms: one look for a change of several files. */
const LOOK_DELAY_MS = 20;
/**
 * In ms: disks seldom empty themselves faster. A client whose file cannot be used stays as it was
 * for this time: it may just be saved in place.
 */
const RETRY_MS = 5000;

/** The work of one slice: a look at a file is one unit, 5 to 10 µs; see {@link READ_UNITS}. */
export const SLICE_UNITS = 500;
/** A file that is read, checked and told to the shards, in units: 50 to 100 µs. */
export const READ_UNITS = 10;
/** With more files than one slice can read, the gone ones are found first, by a list. */
const MAX_NAMED = SLICE_UNITS / READ_UNITS;

const NOTHING: FilesChange = { change: { changed: [], gone: [] }, revoked: [], faults: [] };

/**
 * The files of a server's clients: one for each client, and one with the newest timestamps of their
 * handshakes. Says how the clients have changed, and lets nobody in: shards do.
 */
export class ClientFiles {
  readonly #folder: string;
  readonly #reader: ClientReader;
  readonly #clients = new ClientsByKey();
  readonly #timestamps: Map<string, bigint>;
  readonly #trouble: FileTrouble;
  readonly #retryMs: number;
  /** Since when files cannot be used, ms, by name. */
  readonly #faultySince = new Map<string, number>();
  readonly #soon: DueNames;
  readonly #later: DueNames;
  #changed: ((names: ClientNames) => void | Promise<void>) | undefined;
  #watcher: FSWatcher | undefined;
  #watchAgain: NodeJS.Timeout | undefined;
  #write: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Work that the file system refused is tried again after `retryMs`. */
  constructor(folder: string, trouble: FileTrouble, retryMs = RETRY_MS) {
    this.#retryMs = retryMs;
    this.#folder = folder;
    this.#trouble = trouble;
    this.#reader = new ClientReader(folder);
    this.#timestamps = readTimestamps(folder, trouble);
    this.#soon = new DueNames(LOOK_DELAY_MS, MAX_NAMED, (names) => void this.#tell(names));
    this.#later = new DueNames(retryMs, MAX_NAMED, (names) => void this.#tell(names));
  }

  get size(): number {
    return this.#clients.size;
  }

  /** In the order of their names. */
  list(): ClientRecord[] {
    return this.#clients.list();
  }

  /** All clients that were read, as a change for a shard that knows none yet. */
  all(): ClientsChange {
    return { changed: this.list().map((record) => this.#known(record)), gone: [] };
  }

  /** Keeps the timestamp of a handshake that a client has completed; a stranger's is left out. */
  recordTimestamp(publicKey: Uint8Array, timestamp: bigint): void {
    const id = clientId(publicKey);
    if (this.#clients.get(id) === undefined) return;
    this.#timestamps.set(id, timestamp);
    this.#write ??= setTimeout(() => this.#writeTimestamps(), WRITE_DELAY_MS);
  }

  /**
   * Looks at the files of these clients, each by itself. A client whose file is there and cannot be
   * used stays as it was for some seconds, or until the fault of the system has passed; only the
   * absence of its file revokes it at once. Throws where others may write the folder, or it is
   * gone: nothing has changed then, and the files are looked at again soon.
   */
  look(names: readonly string[]): FilesChange {
    try {
      return this.#look(names.filter(isClientName).values(), Infinity) ?? NOTHING;
    } catch (error) {
      this.#later.add(names);
      throw error;
    }
  }

  /**
   * Looks at all files, in slices of at most {@link SLICE_UNITS} and one read: the event loop may
   * have its turns between them, in which other looks are fine. The files that are gone come first,
   * then new ones. Throws as {@link look} does.
   */
  *lookAtAll(): Generator<FilesChange> {
    try {
      const listed = yield* this.#listed();
      const known = new Set([...this.#clients.names(), ...this.#faultySince.keys()]);
      const names = inOrder(known, listed);
      for (;;) {
        const found = this.#look(names, SLICE_UNITS);
        if (found === undefined || this.#isClosed) return;
        yield found;
      }
    } catch (error) {
      this.#later.add(undefined);
      throw error;
    }
  }

  /** The names of the clients that have a file, listed in slices. */
  *#listed(): Generator<FilesChange, ReadonlySet<string>> {
    const names = new Set<string>();
    const files = opendirSync(clientsPath(this.#folder));
    try {
      for (let count = 1; ; count++) {
        const file = files.readSync();
        if (file === null) return names;
        const name = clientNameOf(file.name);
        if (name !== undefined) names.add(name);
        if (count % SLICE_UNITS === 0) yield NOTHING;
      }
    } finally {
      files.closeSync();
    }
  }

  /** Looks at files until about so many units of work are done; undefined if there are none. */
  #look(names: Iterator<string>, units: number): FilesChange | undefined {
    let next = names.next();
    if (next.done === true) return undefined;
    const owner = assertTrusted(clientsPath(this.#folder), this.#folder);
    const faults: ClientFault[] = [];
    const readBefore = this.#reader.reads;
    for (let looks = 1; next.done !== true; looks++) {
      faults.push(...this.#lookAt(next.value, owner));
      if (looks + (this.#reader.reads - readBefore) * READ_UNITS >= units) break;
      next = names.next();
    }
    return this.#findings(faults);
  }

  /** Returns the fault of the file, if it has one. */
  #lookAt(name: string, folderOwner: number): ClientFault[] {
    const found = this.#reader.read(name, folderOwner);
    if (found !== undefined && 'fault' in found) {
      if (this.#isKept(name, found)) this.#later.add([name]);
      else this.#clients.delete(name);
      return [found];
    }
    this.#faultySince.delete(name);
    if (found === undefined) this.#clients.delete(name);
    else this.#clients.set(found);
    return [];
  }

  /** Whether a client whose file cannot be used stays as it was for now. */
  #isKept(name: string, { isPassing }: ClientFault): boolean {
    const nowMs = performance.now();
    const sinceMs = this.#faultySince.get(name) ?? nowMs;
    this.#faultySince.set(name, sinceMs);
    return isPassing === true || nowMs - sinceMs < this.#retryMs;
  }

  #findings(faults: readonly ClientFault[]): FilesChange {
    const { changed, gone, doubles } = this.#clients.takeChanges();
    for (const record of gone) if (!this.#faultySince.has(record.name)) this.#timestamps.delete(idOf(record));
    return {
      change: { changed: changed.map((record) => this.#known(record)), gone: gone.map(publicKeyOf) },
      revoked: gone.map(({ name }) => name),
      faults: [...faults, ...doubles.map(faultOfDouble)],
    };
  }

  #known(record: ClientRecord): KnownClient {
    return knownClient(record, this.#timestamps.get(idOf(record)) ?? 0n);
  }

  /**
   * Calls `changed` with the clients' names shortly after anybody added, changed or removed their
   * files, and again later if it fails. Where the system has no watchers left that is trouble;
   * until it has one, only commands that tell the server of their changes are heard.
   */
  watch(changed: (names: ClientNames) => void | Promise<void>): void {
    this.#changed = changed;
    this.#watchFolder();
  }

  /** Stops watching, and writes timestamps that are not written yet. */
  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    clearTimeout(this.#watchAgain);
    this.#soon.close();
    this.#later.close();
    if (this.#write !== undefined) this.#writeTimestamps();
    clearTimeout(this.#write);
  }

  #watchFolder(): void {
    const path = clientsPath(this.#folder);
    try {
      this.#watcher = watch(path, (_event, file) => {
        const name = file === null ? undefined : clientNameOf(file);
        if (name !== undefined) this.#soon.add([name]);
        else if (file === basename(path)) this.#watchAnew();
        else if (file === null) this.#soon.add(undefined);
      });
      this.#watcher.on('error', (error) => this.#notWatching(error));
    } catch (error) {
      this.#notWatching(error);
    }
  }

  /** Something happened to the folder itself: another one may be in its place. */
  #watchAnew(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    clearTimeout(this.#watchAgain);
    this.#watchAgain = setTimeout(() => this.#watchAndLook(), LOOK_DELAY_MS);
  }

  #watchAndLook(): void {
    this.#watchFolder();
    if (this.#watcher !== undefined) this.#soon.add(undefined);
  }

  /** Changes are seen once there is a watcher again. */
  #notWatching(error: unknown): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#trouble('cannot watch the files of clients', error);
    if (this.#isClosed) return;
    clearTimeout(this.#watchAgain);
    this.#watchAgain = setTimeout(() => this.#watchAndLook(), this.#retryMs);
  }

  async #tell(names: ClientNames): Promise<void> {
    try {
      await this.#changed?.(names);
    } catch (error) {
      const isAgain = this.#trouble('cannot read the files of clients', error) === 'again';
      (isAgain ? this.#soon : this.#later).add(names);
    }
  }

  #writeTimestamps(): void {
    clearTimeout(this.#write);
    this.#write = undefined;
    const lines = [...this.#timestamps].map(([id, timestamp]) => `${id} ${timestamp.toString(16)}\n`);
    try {
      replaceFile(timestampsPath(this.#folder), lines.join(''));
    } catch (error) {
      if (this.#trouble('cannot write the newest timestamps', error) === 'again') this.#writeTimestamps();
      else this.#write = setTimeout(() => this.#writeTimestamps(), this.#retryMs);
    }
  }
}

/** The names of files that are gone, of new ones, and of the others. */
function* inOrder(known: ReadonlySet<string>, listed: ReadonlySet<string>): Generator<string, undefined> {
  for (const name of known) if (!listed.has(name)) yield name;
  for (const name of listed) if (!known.has(name)) yield name;
  for (const name of listed) if (known.has(name)) yield name;
  return undefined;
}

const faultOfDouble = ({ record, first }: Double): ClientFault => ({
  file: fileOf(record.name),
  fault: `it has the key of client '${first.name}'`,
});

/**
 * All clients of a state folder, and the faults of their files, in the order of their names. Throws
 * as {@link ClientFiles.look} does.
 */
export function readClients(folder: string): { records: ClientRecord[]; faults: ClientFault[] } {
  const files = new ClientFiles(folder, () => undefined);
  try {
    const faults = [...files.lookAtAll()].flatMap((found) => found.faults);
    return { records: files.list(), faults: faults.sort((a, b) => (a.file < b.file ? -1 : 1)) };
  } finally {
    files.close();
  }
}

const timestampsPath = (folder: string): string => join(folder, 'newest-timestamps');
const LINE = /^([A-Za-z0-9_-]{43}) ([0-9a-f]{1,24})$/;

function readTimestamps(folder: string, trouble: FileTrouble): Map<string, bigint> {
  const timestamps = new Map<string, bigint>();
  const path = timestampsPath(folder);
  let spoilt = 0;
  for (const line of (readIfThere(path) ?? '').split('\n')) {
    const [, id, hex] = LINE.exec(line) ?? [];
    if (id !== undefined && hex !== undefined) timestamps.set(id, BigInt(`0x${hex}`));
    else if (line !== '') spoilt++;
  }
  if (spoilt > 0) trouble('left out spoilt lines of the newest timestamps', `${spoilt} of ${path}`);
  return timestamps;
}
