import { addressRange, type AddressBlock, type ClientsChange, type PortRange, type ProvenAddress } from '@relay/relay';
import type { RelayServer } from '@relay/server';
import { formatKey } from '@relay/session';

/**
 * How much later than a handshake its timestamp is on disk, in ms: what a server learned last is
 * lost when it is killed.
 */
const DISK_DELAY_MS = 1000;

type Assignments = ReturnType<RelayServer['assignments']>;

/** What survives the server's process: the clients, and what was written of them. */
export class ClientsOnDisk {
  readonly #reachable: readonly AddressBlock[];
  readonly #publishable: readonly PortRange[];
  #clients: { readonly name: string; readonly publicKey: Uint8Array }[] = [];
  readonly #timestamps = new Map<string, bigint>();
  readonly #addresses = new Map<string, ProvenAddress>();
  /** Whose the published ports are. */
  assignments: Assignments = [];

  /** Each client may reach `reachable`, and publish these ports. */
  constructor(reachable: readonly AddressBlock[], publishable: readonly PortRange[] = []) {
    this.#reachable = reachable;
    this.#publishable = publishable;
  }

  add(name: string, publicKey: Uint8Array): void {
    this.#clients.push({ name, publicKey });
  }

  /** Removes all clients. Returns that change, for a server that runs. */
  clear(): ClientsChange {
    const gone = this.#clients.map(({ publicKey }) => publicKey);
    this.#clients = [];
    return { changed: [], gone };
  }

  /** The clients as a new process of the server reads them. */
  read(): ClientsChange {
    const rights = {
      allowances: this.#reachable.map((block) => ({ range: addressRange(block), ports: [] })),
      publish: this.#publishable,
      limits: {},
      expiresWallMs: Infinity,
    };
    const changed = this.#clients.map(({ name, publicKey }) => {
      const newestTimestamp = this.#timestamps.get(formatKey(publicKey)) ?? 0n;
      return { name, publicKey, ...rights, newestTimestamp };
    });
    return { changed, gone: [] };
  }

  /** The addresses as a new process of the server reads them. */
  get addresses(): ProvenAddress[] {
    return [...this.#addresses.values()];
  }

  /** Nobody wrote addresses: they are gone with the process. */
  forgetAddresses(): void {
    this.#addresses.clear();
  }

  /** Writes an address that a client has proven. */
  writeAddress({ publicKey, path }: ProvenAddress): void {
    this.#addresses.set(formatKey(publicKey), { publicKey, path });
  }

  /** Writes a timestamp that the server has recorded; `schedule` is the timer of its process. */
  write(publicKey: Uint8Array, timestamp: bigint, schedule: (delayMs: number, run: () => void) => void): void {
    schedule(DISK_DELAY_MS, () => this.#timestamps.set(formatKey(publicKey), timestamp));
  }
}
