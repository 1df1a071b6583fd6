import { isDeepStrictEqual } from 'node:util';
import type { ClientRecord } from './client-record.js';
import { clientId, publicKeyOf } from './client-store.js';

/** A record whose key another one has, too: the first by name counts. */
export interface Double {
  readonly record: ClientRecord;
  readonly first: ClientRecord;
}

/** The records of files, by name and by key. Of several with one key the first by name counts. */
export class ClientsByKey {
  readonly #byName = new Map<string, ClientRecord>();
  /** In the order of their names. */
  readonly #byId = new Map<string, readonly ClientRecord[]>();
  /** The record that counted before, by key, where that may have changed. */
  readonly #before = new Map<string, ClientRecord | undefined>();
  /** Records that were set again since the last call of `takeChanges`. */
  readonly #seen = new Set<ClientRecord>();

  /** How many keys there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** The record that counts for a key. */
  get(id: string): ClientRecord | undefined {
    return this.#byId.get(id)?.[0];
  }

  /** All records that count, in the order of their names. */
  list(): ClientRecord[] {
    return [...this.#byId.values()].flatMap(([first]) => first ?? []).sort(byName);
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  set(record: ClientRecord): void {
    const id = idOf(record);
    this.#seen.add(record);
    if (this.#byName.get(record.name) === record) return;
    this.delete(record.name);
    this.#byName.set(record.name, record);
    this.#change(id, [...(this.#byId.get(id) ?? []), record].sort(byName));
  }

  delete(name: string): void {
    const record = this.#byName.get(name);
    if (record === undefined) return;
    const id = idOf(record);
    this.#byName.delete(name);
    this.#change(
      id,
      (this.#byId.get(id) ?? []).filter((each) => each !== record),
    );
  }

  /**
   * What is different since the last call: records that count now, records of keys that are gone,
   * and the doubles among those that were set.
   */
  takeChanges(): { changed: ClientRecord[]; gone: ClientRecord[]; doubles: Double[] } {
    const changed: ClientRecord[] = [];
    const gone: ClientRecord[] = [];
    for (const [id, before] of this.#before) {
      const [now, ...others] = this.#byId.get(id) ?? [];
      for (const record of others) this.#seen.add(record);
      if (now === undefined) gone.push(...(before === undefined ? [] : [before]));
      else if (!isDeepStrictEqual(before, now)) changed.push(now);
    }
    const doubles = [...this.#seen].flatMap((record) => {
      const first = this.get(idOf(record));
      return first === undefined || first === record ? [] : [{ record, first }];
    });
    this.#before.clear();
    this.#seen.clear();
    return { changed, gone, doubles };
  }

  #change(id: string, records: readonly ClientRecord[]): void {
    if (!this.#before.has(id)) this.#before.set(id, this.get(id));
    if (records.length === 0) this.#byId.delete(id);
    else this.#byId.set(id, records);
  }
}

const byName = (a: ClientRecord, b: ClientRecord): number => (a.name < b.name ? -1 : 1);

const ids = new WeakMap<ClientRecord, string>();

/** The key by which a client is found. A record keeps it: there may be many of them. */
export function idOf(record: ClientRecord): string {
  const id = ids.get(record) ?? clientId(publicKeyOf(record));
  ids.set(record, id);
  return id;
}
