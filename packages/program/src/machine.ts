/**
 * The machine that a program runs on: everything that a program uses of the world, except files and
 * its terminal.
 */
import { randomFillSync } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import {
  afterReceiving,
  countKernelDrops,
  createSocket,
  routeTo,
  type Route,
  type SocketOptions,
  type UdpSocket,
} from '@relay/socket';
import { queryName, type NameAnswer } from './query-name.js';

/** Cancels a scheduled call. It does nothing if the call has run. */
export type Cancel = () => void;

/**
 * The sockets, clocks, timers, randomness and names that a program is given. The loops of server
 * and client use no other source of these. Therefore both programs run on a network in memory and
 * in virtual time in the same way as on {@link thisMachine}.
 */
export interface Machine {
  /**
   * Makes a socket in the state `created`; its `open` binds it. Throws the same errors as
   * `createSocket` of `@relay/socket`.
   */
  readonly openSocket: (options: SocketOptions) => UdpSocket;
  /** Returns the time of a steady clock, in ms. The time never goes back. */
  readonly clock: () => number;
  /** Returns the time since 1970, in ms, by the clock of this machine. The time may jump. */
  readonly wallClock: () => number;
  /**
   * Calls `run` once after `delayMs`, from 1 to 2^31 - 1. The call may come a fraction of a ms
   * early.
   */
  readonly schedule: (delayMs: number, run: () => void) => Cancel;
  /**
   * Calls `run` once, after all sockets that are ready now have delivered their datagrams.
   */
  readonly soon: (run: () => void) => Cancel;
  /**
   * Has each socket report what the kernel has dropped there; see `countKernelDrops` of
   * `@relay/socket`.
   */
  readonly countKernelDrops: () => void;
  /** Fills all of `bytes` with unpredictable bytes. */
  readonly random: (bytes: Uint8Array) => void;
  /**
   * Returns the IP addresses of a name of the operator's own, the preferred one first, as the
   * system resolves it: with its hosts file. Rejects if the name has none, or if no resolver
   * answers.
   */
  readonly resolveName: (name: string) => Promise<readonly string[]>;
  /** Asks the name servers alone, for a name that a stranger gave; see {@link queryName}. */
  readonly queryName: (name: string, withinMs: number, signal: AbortSignal) => Promise<NameAnswer>;
  /** Returns the kernel's route to a packed endpoint; see `routeTo` of `@relay/socket`. */
  readonly routeTo: (endpoint: Uint8Array) => Route;
  /** Returns the IP addresses of this machine's interfaces. A link-local one has its zone. */
  readonly localAddresses: () => readonly string[];
}

/** Returns the time of the steady clock of this process, in ms. The time never goes back. */
export const monotonicMs = (): number => performance.now();

/** The machine that this process runs on. */
export const thisMachine: Machine = {
  openSocket: createSocket,
  clock: monotonicMs,
  wallClock: Date.now,
  schedule: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  soon: afterReceiving,
  countKernelDrops,
  random: (bytes) => {
    randomFillSync(bytes);
  },
  resolveName: async (name) => {
    const found = await lookup(name, { all: true, order: 'verbatim' });
    return found.map(({ address }) => address);
  },
  queryName,
  routeTo,
  localAddresses: () =>
    Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.map((found) =>
        found.family === 'IPv6' && found.scopeid !== 0 ? `${found.address}%${name}` : found.address,
      ),
    ),
};
