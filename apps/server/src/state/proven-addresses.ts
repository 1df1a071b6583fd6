import { join } from 'node:path';
import { PACKED_PATH_BYTES } from '@relay/session';
import type { ProvenAddress } from '@relay/relay';
import { clientId, publicKeyOf } from './client-store.js';
import type { ClientRecord } from './client-record.js';
import { LineFile, type FileTrouble } from './line-file.js';

/** In ms: at least this long from one write to the next. */
const WRITE_EVERY_MS = 10_000;

/**
 * Where each client has proven last that it receives, in a file: after a restart the server wakes
 * its clients there. What is lost of it costs time and nothing else.
 */
export class ProvenAddresses {
  readonly #file: LineFile;
  readonly #paths = new Map<string, Uint8Array>();

  /** Reads the file. A file that cannot be read, and each line that is spoilt, is trouble. */
  constructor(folder: string, trouble: FileTrouble, writeEveryMs = WRITE_EVERY_MS) {
    this.#file = new LineFile({
      path: join(folder, 'proven-addresses'),
      what: 'the proven addresses of clients',
      ...{ trouble, writeEveryMs },
      lines: () => [...this.#paths].map(([id, path]) => `${id} ${Buffer.from(path).toString('hex')}`),
    });
    this.#file.read((line) => this.#take(line));
  }

  /** The addresses of these clients, as far as they are known. */
  of(clients: readonly ClientRecord[]): ProvenAddress[] {
    return clients.flatMap((client) => {
      const publicKey = publicKeyOf(client);
      const path = this.#paths.get(clientId(publicKey));
      return path === undefined ? [] : [{ publicKey, path }];
    });
  }

  /**
   * Keeps the newest address of a client. Written at once, or some seconds after the last write.
   */
  record({ publicKey, path }: ProvenAddress): void {
    const id = clientId(publicKey);
    const known = this.#paths.get(id);
    if (known !== undefined && Buffer.compare(known, path) === 0) return;
    this.#paths.set(id, path);
    this.#file.changed();
  }

  /** These clients are gone. */
  forget(publicKeys: readonly Uint8Array[]): void {
    const isKnown = publicKeys.map((publicKey) => this.#paths.delete(clientId(publicKey)));
    if (isKnown.includes(true)) this.#file.changed();
  }

  /** Writes what is not written yet. */
  close(): void {
    this.#file.close();
  }

  #take(line: string): boolean {
    const [, id, hex] = LINE.exec(line) ?? [];
    if (id === undefined || hex === undefined) return false;
    this.#paths.set(id, Uint8Array.from(Buffer.from(hex, 'hex')));
    return true;
  }
}

const LINE = new RegExp(`^([A-Za-z0-9_-]{43}) ([0-9a-f]{${2 * PACKED_PATH_BYTES}})$`);
