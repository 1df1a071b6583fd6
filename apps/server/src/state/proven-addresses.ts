import { join } from 'node:path';
import { PACKED_PATH_BYTES } from '@relay/session';
import type { ProvenAddress } from '@relay/relay';
import { replaceFile } from './atomic-file.js';
import type { FileTrouble } from './client-files.js';
import { clientId, publicKeyOf } from './client-store.js';
import type { ClientRecord } from './client-record.js';
import { readIfThere } from './state-folder.js';

/** In ms: at least this long from one write to the next. */
const WRITE_EVERY_MS = 10_000;
/** In ms: one write for all that happens in one turn. */
const AT_ONCE_MS = 0;

/**
 * Where each client has proven last that it receives, in a file: after a restart the server wakes
 * its clients there. What is lost of it costs time and nothing else.
 */
export class ProvenAddresses {
  readonly #file: string;
  readonly #trouble: FileTrouble;
  readonly #writeEveryMs: number;
  readonly #paths = new Map<string, Uint8Array>();
  #isChanged = false;
  #write: NodeJS.Timeout | undefined;
  #writtenMs = -Infinity;

  /** Reads the file. A file that cannot be read, and each line that is spoilt, is trouble. */
  constructor(folder: string, trouble: FileTrouble, writeEveryMs = WRITE_EVERY_MS) {
    this.#file = join(folder, 'proven-addresses');
    this.#trouble = trouble;
    this.#writeEveryMs = writeEveryMs;
    this.#read();
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
    this.#changed();
  }

  /** These clients are gone. */
  forget(publicKeys: readonly Uint8Array[]): void {
    const isKnown = publicKeys.map((publicKey) => this.#paths.delete(clientId(publicKey)));
    if (isKnown.includes(true)) this.#changed();
  }

  /** Writes what is not written yet. */
  close(): void {
    clearTimeout(this.#write);
    if (this.#isChanged) this.#writeAll();
    clearTimeout(this.#write);
  }

  #changed(): void {
    this.#isChanged = true;
    const waitMs = this.#writtenMs + this.#writeEveryMs - performance.now();
    this.#write ??= setTimeout(() => this.#writeAll(), Math.max(AT_ONCE_MS, waitMs));
  }

  #writeAll(): void {
    this.#write = undefined;
    this.#isChanged = false;
    this.#writtenMs = performance.now();
    const lines = [...this.#paths].map(([id, path]) => `${id} ${Buffer.from(path).toString('hex')}\n`);
    try {
      replaceFile(this.#file, lines.join(''));
    } catch (error) {
      this.#trouble('cannot write the proven addresses of clients', error);
      this.#changed();
    }
  }

  #read(): void {
    let text: string;
    try {
      text = readIfThere(this.#file) ?? '';
    } catch (error) {
      this.#trouble('cannot read the proven addresses of clients', error);
      return;
    }
    const lines = text.split('\n');
    let spoilt = lines.pop() === '' ? 0 : 1; // a last line without its end is cut
    for (const line of lines) {
      const [, id, hex] = LINE.exec(line) ?? [];
      if (id === undefined || hex === undefined) spoilt++;
      else this.#paths.set(id, Uint8Array.from(Buffer.from(hex, 'hex')));
    }
    if (spoilt > 0)
      this.#trouble('left out spoilt lines of the proven addresses of clients', `${spoilt} of ${this.#file}`);
  }
}

const LINE = new RegExp(`^([A-Za-z0-9_-]{43}) ([0-9a-f]{${2 * PACKED_PATH_BYTES}})$`);
