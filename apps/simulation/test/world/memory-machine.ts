import type { Cancel, Machine, NameAnswer } from '@relay/program';
import type { Route, SocketOptions, UdpSocket } from '@relay/socket';
import type { MemoryClock, MemoryHost, Random } from '@relay/socket/testing';

/** The wall-clock time when a simulation begins: 2026-09-21. */
const WALL_MS = 1_790_000_000_000;
/** How long a resolver takes, in ms. */
const RESOLVER_MS = 5;
const NAME_TTL_MS = 60_000;

/** The addresses of names, for all machines of a world. */
export type Names = ReadonlyMap<string, readonly string[]>;

/**
 * One process on a host of a network in memory. Its time is the time of the network. It can be
 * killed.
 */
export class MemoryMachine implements Machine {
  /** The error of the wall clock, in ms. */
  wallErrorMs = 0;
  /** Addresses that the host has besides. */
  extraAddresses: readonly string[] = [];
  readonly #host: MemoryHost;
  readonly #clock: MemoryClock;
  readonly #random: Random;
  readonly #names: Names;
  readonly #sockets: UdpSocket[] = [];
  #isKilled = false;

  constructor(host: MemoryHost, random: Random, names: Names = new Map()) {
    this.#host = host;
    this.#clock = host.network.clock;
    this.#random = random;
    this.#names = names;
  }

  readonly openSocket = (options: SocketOptions): UdpSocket => {
    const socket = this.#host.createSocket(options);
    this.#sockets.push(socket);
    return socket;
  };

  readonly clock = (): number => this.#clock.nowMs;

  readonly wallClock = (): number => WALL_MS + this.wallErrorMs + this.#clock.nowMs;

  readonly schedule = (delayMs: number, run: () => void): Cancel =>
    this.#clock.schedule(delayMs, () => {
      if (!this.#isKilled) run();
    });

  readonly soon = (run: () => void): Cancel => this.schedule(0, run);

  /** Its sockets report at once. */
  readonly countKernelDrops = (): void => undefined;

  readonly random = (bytes: Uint8Array): void => {
    for (let i = 0; i < bytes.length; i++) bytes[i] = this.#random.next() * 256;
  };

  readonly resolveName = (name: string): Promise<readonly string[]> =>
    new Promise((resolve, reject) => {
      this.schedule(RESOLVER_MS, () => {
        const addresses = this.#names.get(name);
        if (addresses === undefined) reject(new Error(`no such name: ${name}`));
        else resolve(addresses);
      });
    });

  readonly queryName = (name: string, withinMs: number): Promise<NameAnswer> =>
    new Promise((resolve) => {
      this.schedule(Math.min(RESOLVER_MS, withinMs), () => {
        const addresses = this.#names.get(name);
        resolve(addresses === undefined ? 'not-found' : { addresses, ttlMs: NAME_TTL_MS });
      });
    });

  readonly routeTo = (endpoint: Uint8Array): Route => this.#host.routeTo(endpoint);

  readonly localAddresses = (): readonly string[] => ['127.0.0.1', ...this.#host.addresses, ...this.extraAddresses];

  /**
   * Ends the process as SIGKILL does: none of its work runs any more, its sockets are gone, and no
   * peer is informed.
   */
  kill(): void {
    this.#isKilled = true;
    for (const socket of this.#sockets) {
      socket.onReceive = () => undefined;
      socket.onError = () => undefined;
      void socket.close();
    }
  }
}
