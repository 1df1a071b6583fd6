import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ClientsChange, KnownClient } from '@relay/relay';
import { replaceFile } from './atomic-file.js';
import type { ClientRecord } from './client-record.js';
import { clientId, clientNameOf, publicKeyOf, readClients, type ClientFault, type SeenFiles } from './client-store.js';
import { knownClient } from './known-client.js';
import type { FileTrouble } from './line-file.js';
import { clientsPath, readIfThere } from './state-folder.js';

/** The findings of a look at the files. */
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

/**
 * The files of a server's clients: one for each client, and one with the newest timestamps of their
 * handshakes. Says how the clients have changed, and lets nobody in: shards do.
 */
export class ClientFiles {
  readonly #folder: string;
  readonly #byId = new Map<string, ClientRecord>();
  readonly #timestamps: Map<string, bigint>;
  readonly #trouble: FileTrouble;
  readonly #retryMs: number;
  readonly #seen: SeenFiles = new Map();
  /** Since when files cannot be used, ms, by name. */
  readonly #faultySince = new Map<string, number>();
  #changed: (() => void) | undefined;
  #watcher: FSWatcher | undefined;
  #watchAgain: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #write: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** Work that the file system refused is tried again after `retryMs`. */
  constructor(folder: string, trouble: FileTrouble, retryMs = RETRY_MS) {
    this.#retryMs = retryMs;
    this.#folder = folder;
    this.#trouble = trouble;
    this.#timestamps = readTimestamps(folder);
  }

  get size(): number {
    return this.#byId.size;
  }

  list(): ClientRecord[] {
    return [...this.#byId.values()];
  }

  /** All clients that were read, as a change for a shard that knows none yet. */
  all(): ClientsChange {
    return { changed: [...this.#byId].map(([id, record]) => this.#known(id, record)), gone: [] };
  }

  /** Keeps the timestamp of a handshake that a client has completed; a stranger's is left out. */
  recordTimestamp(publicKey: Uint8Array, timestamp: bigint): void {
    const id = clientId(publicKey);
    if (!this.#byId.has(id)) return;
    this.#timestamps.set(id, timestamp);
    this.#write ??= setTimeout(() => this.#writeTimestamps(), WRITE_DELAY_MS);
  }

  /**
   * Reads the files again, each by itself. A client whose file is there and cannot be used stays as
   * it was for some seconds, or until the fault of the system has passed; only the absence of its
   * file revokes it at once. Throws where the folder cannot be read now: nothing has changed then,
   * and it is tried again soon.
   */
  reload(): FilesChange {
    const { records, faults } = this.#readClients();
    const changed: [string, ClientRecord][] = [];
    const gone = new Map(this.#byId);
    for (const record of records) {
      const id = idOf(record);
      if (!isDeepStrictEqual(gone.get(id), record)) changed.push([id, record]);
      gone.delete(id);
      this.#byId.set(id, record);
    }
    const faulty = this.#namesOf(faults);
    for (const [id, { name }] of gone) {
      if (faulty.get(name) === 'kept') gone.delete(id);
      else this.#byId.delete(id);
      if (!faulty.has(name)) this.#timestamps.delete(id);
    }
    const change = {
      changed: changed.map(([id, record]) => this.#known(id, record)),
      gone: [...gone.values()].map(publicKeyOf),
    };
    return { change, revoked: [...gone.values()].map(({ name }) => name), faults };
  }

  /** The clients whose files cannot be used, and whether they stay as they were. */
  #namesOf(faults: readonly ClientFault[]): Map<string, 'kept' | 'out'> {
    const names = new Map<string, 'kept' | 'out'>();
    const nowMs = performance.now();
    for (const { file, isPassing } of faults) {
      const name = clientNameOf(file);
      const sinceMs = this.#faultySince.get(name) ?? nowMs;
      this.#faultySince.set(name, sinceMs);
      names.set(name, isPassing === true || nowMs - sinceMs < this.#retryMs ? 'kept' : 'out');
    }
    for (const name of this.#faultySince.keys()) if (!names.has(name)) this.#faultySince.delete(name);
    if ([...names.values()].includes('kept')) this.#lookSoon(this.#retryMs);
    return names;
  }

  #known(id: string, record: ClientRecord): KnownClient {
    return knownClient(record, this.#timestamps.get(id) ?? 0n);
  }

  #readClients(): ReturnType<typeof readClients> {
    try {
      return readClients(this.#folder, this.#seen);
    } catch (error) {
      this.#lookSoon(this.#retryMs);
      throw error;
    }
  }

  /**
   * Calls `changed` shortly after anybody added, changed or removed a client's file, and again
   * later if it throws. Where the system has no watchers left that is trouble; until it has one,
   * only commands that tell the server of their changes are heard.
   */
  watch(changed: () => void): void {
    this.#changed = changed;
    this.#watchFolder();
  }

  /** Stops watching, and writes timestamps that are not written yet. */
  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    clearTimeout(this.#watchAgain);
    clearTimeout(this.#look);
    if (this.#write !== undefined) this.#writeTimestamps();
    clearTimeout(this.#write);
  }

  #watchFolder(): void {
    try {
      this.#watcher = watch(clientsPath(this.#folder), () => this.#lookSoon(LOOK_DELAY_MS));
      this.#watcher.on('error', (error) => this.#notWatching(error));
    } catch (error) {
      this.#notWatching(error);
    }
  }

  /** Changes are seen once there is a watcher again. */
  #notWatching(error: unknown): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#trouble('cannot watch the files of clients', error);
    if (this.#isClosed) return;
    this.#watchAgain = setTimeout(() => {
      this.#watchFolder();
      if (this.#watcher !== undefined) this.#lookSoon(LOOK_DELAY_MS);
    }, this.#retryMs);
  }

  #lookSoon(delayMs: number): void {
    const changed = this.#changed;
    if (this.#isClosed || changed === undefined) return;
    this.#look ??= setTimeout(() => {
      this.#look = undefined;
      try {
        changed();
      } catch (error) {
        const isAgain = this.#trouble('cannot read the files of clients', error) === 'again';
        this.#lookSoon(isAgain ? LOOK_DELAY_MS : this.#retryMs);
      }
    }, delayMs);
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

const ids = new WeakMap<ClientRecord, string>();

/** The key by which a client is found. A record keeps it: there may be many of them. */
function idOf(record: ClientRecord): string {
  const id = ids.get(record) ?? clientId(publicKeyOf(record));
  ids.set(record, id);
  return id;
}

const timestampsPath = (folder: string): string => join(folder, 'newest-timestamps');
const LINE = /^([A-Za-z0-9_-]{43}) ([0-9a-f]{1,24})$/;

function readTimestamps(folder: string): Map<string, bigint> {
  const timestamps = new Map<string, bigint>();
  for (const line of (readIfThere(timestampsPath(folder)) ?? '').split('\n')) {
    const [, id, hex] = LINE.exec(line) ?? [];
    if (id !== undefined && hex !== undefined) timestamps.set(id, BigInt(`0x${hex}`));
  }
  return timestamps;
}
