import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './atomic-file.js';
import { Client, type Clients } from './client.js';
import { clientId, publicKeyOf, readClients, type ClientFault } from './client-store.js';
import { clientsPath, readIfThere } from './state-folder.js';

/** What a look at the files has changed. */
export interface DirectoryChange {
  /** Clients that may come in no longer. */
  readonly revoked: readonly Client[];
  readonly faults: readonly ClientFault[];
}

/**
 * How long after a handshake the newest timestamps are written, in ms: one write for a storm of
 * handshakes.
 */
const WRITE_DELAY_MS = 1000;
/** A change of several files is looked at once. */
const LOOK_DELAY_MS = 20;
/** In ms: disks seldom empty themselves faster. */
const RETRY_MS = 5000;

/** Told what cannot be done at present, and why; it is tried again. */
export type FileTrouble = (what: string, error: unknown) => void;

/** The clients of a running server: read from the state folder, and again when its files change. */
export class StoredClients implements Clients {
  readonly #folder: string;
  readonly #byId = new Map<string, Client>();
  readonly #timestamps: Map<string, bigint>;
  readonly #trouble: FileTrouble;
  readonly #retryMs: number;
  #changed: (() => void) | undefined;
  #watcher: FSWatcher | undefined;
  #watchAgain: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #write: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `retryMs` is how soon what the file system refused is tried again. */
  constructor(folder: string, trouble: FileTrouble, retryMs = RETRY_MS) {
    this.#retryMs = retryMs;
    this.#folder = folder;
    this.#trouble = trouble;
    this.#timestamps = readTimestamps(folder);
  }

  get size(): number {
    return this.#byId.size;
  }

  list(): Client[] {
    return [...this.#byId.values()];
  }

  /** The client of this key, while its invitation has not expired. */
  lookup(publicKey: Uint8Array): Client | undefined {
    const client = this.#byId.get(clientId(publicKey));
    return client === undefined || client.expiresWallMs <= Date.now() ? undefined : client;
  }

  /** The clients whose invitations have expired. */
  expired(): Client[] {
    const nowMs = Date.now();
    return this.list().filter(({ expiresWallMs }) => expiresWallMs <= nowMs);
  }

  recordTimestamp(publicKey: Uint8Array, timestamp: bigint): void {
    const id = clientId(publicKey);
    const client = this.#byId.get(id);
    if (client === undefined) return;
    client.newestTimestamp = timestamp;
    this.#timestamps.set(id, timestamp);
    this.#write ??= setTimeout(() => this.#writeTimestamps(), WRITE_DELAY_MS);
  }

  /**
   * Reads the files again. Throws where that is not possible now: nothing has changed then, and it
   * is tried again soon.
   */
  reload(): DirectoryChange {
    const { records, faults } = this.#readClients();
    const gone = new Map(this.#byId);
    for (const record of records) {
      const id = clientId(publicKeyOf(record));
      gone.delete(id);
      const known = this.#byId.get(id);
      if (known === undefined) this.#byId.set(id, new Client(record, this.#timestamps.get(id) ?? 0n));
      else known.update(record);
    }
    for (const id of gone.keys()) {
      this.#byId.delete(id);
      this.#timestamps.delete(id);
    }
    return { revoked: [...gone.values()], faults };
  }

  #readClients(): ReturnType<typeof readClients> {
    try {
      return readClients(this.#folder);
    } catch (error) {
      this.#lookSoon(this.#retryMs);
      throw error;
    }
  }

  /**
   * Calls `changed` shortly after a client's file was added, changed or removed by whomever, and
   * again later if it throws. Where the system has no watchers left that is trouble; until it has,
   * only those who tell the server of changes are heard.
   */
  watch(changed: () => void): void {
    this.#changed = changed;
    this.#watchFolder();
  }

  /** Stops watching and writes what is still to be written. */
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

  /** What changes until there is a watcher again is seen then. */
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
        this.#trouble('cannot read the files of clients', error);
        this.#lookSoon(this.#retryMs);
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
      this.#trouble('cannot write the newest timestamps', error);
      this.#write = setTimeout(() => this.#writeTimestamps(), this.#retryMs);
    }
  }
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
