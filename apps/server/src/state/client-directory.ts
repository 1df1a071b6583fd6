import { watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { ClientDirectory } from '@relay/session';
import { replaceFile } from './atomic-file.js';
import { Client } from './client.js';
import { clientId, publicKeyOf, readClients, type ClientFault } from './client-store.js';
import { clientsPath, readIfThere } from './state-folder.js';

/** What a look at the files has changed. */
export interface DirectoryChange {
  /** Clients that may come in no longer. */
  readonly revoked: readonly Client[];
  readonly faults: readonly ClientFault[];
}

/** How long after a handshake the newest timestamps are written, in ms: one write for a storm of handshakes. */
const WRITE_DELAY_MS = 1000;
/** A change of several files is looked at once. */
const LOOK_DELAY_MS = 20;

/** The clients of a running server: read from the state folder, and again when its files change. */
export class StoredClients implements ClientDirectory {
  readonly #folder: string;
  readonly #byId = new Map<string, Client>();
  readonly #timestamps: Map<string, bigint>;
  #watcher: FSWatcher | undefined;
  #look: NodeJS.Timeout | undefined;
  #write: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.#timestamps = readTimestamps(folder);
  }

  get size(): number {
    return this.#byId.size;
  }

  list(): Client[] {
    return [...this.#byId.values()];
  }

  lookup(publicKey: Uint8Array): Client | undefined {
    return this.#byId.get(clientId(publicKey));
  }

  recordTimestamp(publicKey: Uint8Array, timestamp: bigint): void {
    const id = clientId(publicKey);
    const client = this.#byId.get(id);
    if (client === undefined) return;
    client.newestTimestamp = timestamp;
    this.#timestamps.set(id, timestamp);
    this.#write ??= setTimeout(() => this.#writeTimestamps(), WRITE_DELAY_MS);
  }

  /** Reads the files again. */
  reload(): DirectoryChange {
    const { records, faults } = readClients(this.#folder);
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

  /** Calls `changed` shortly after a client's file was added, changed or removed by whomever. */
  watch(changed: () => void): void {
    this.#watcher = watch(clientsPath(this.#folder), () => {
      this.#look ??= setTimeout(() => {
        this.#look = undefined;
        changed();
      }, LOOK_DELAY_MS);
    });
  }

  /** Stops watching and writes what is still to be written. */
  close(): void {
    this.#watcher?.close();
    clearTimeout(this.#look);
    if (this.#write !== undefined) this.#writeTimestamps();
  }

  #writeTimestamps(): void {
    clearTimeout(this.#write);
    this.#write = undefined;
    const lines = [...this.#timestamps].map(([id, timestamp]) => `${id} ${timestamp.toString(16)}\n`);
    replaceFile(timestampsPath(this.#folder), lines.join(''));
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
