import { Client, type Clients } from '@relay/server';
import { formatKey } from '@relay/session';

/**
 * How much later than a handshake its timestamp is on disk, in ms: what a server learned last is
 * lost when it is killed.
 */
const DISK_DELAY_MS = 1000;

/** What survives the server's process: the clients, and the timestamps that were written. */
export class ClientsOnDisk {
  readonly #allow: readonly string[];
  readonly #keys = new Map<string, string>();
  readonly #timestamps = new Map<string, bigint>();

  /** `allow` is what each client may reach. */
  constructor(allow: readonly string[]) {
    this.#allow = allow;
  }

  add(name: string, publicKey: Uint8Array): void {
    this.#keys.set(formatKey(publicKey), name);
  }

  /** The clients as a new process of the server reads them; `schedule` is its timer. */
  read(schedule: (delayMs: number, run: () => void) => void): Clients {
    const clients = new Map<string, Client>();
    for (const [publicKey, name] of this.#keys) {
      const record = { name, publicKey, allow: this.#allow, createdAt: '2026-01-01T00:00:00Z' };
      clients.set(publicKey, new Client(record, this.#timestamps.get(publicKey) ?? 0n));
    }
    return {
      lookup: (publicKey) => clients.get(formatKey(publicKey)),
      recordTimestamp: (publicKey, timestamp) => {
        const key = formatKey(publicKey);
        const client = clients.get(key);
        if (client === undefined) return;
        client.newestTimestamp = timestamp;
        schedule(DISK_DELAY_MS, () => this.#timestamps.set(key, client.newestTimestamp));
      },
    };
  }
}
