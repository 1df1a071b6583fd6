/**
 * The machine that a program runs on: all that a program knows of the world besides files and its
 * terminal.
 */
import { randomFillSync } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { createSocket, type SocketOptions, type UdpSocket } from '@relay/socket';

/** Takes back what was scheduled; does nothing where that has run. */
export type Cancel = () => void;

/**
 * Sockets, clocks, timers, randomness and names, as they are given to a program. The loops of
 * server and client take nothing of the kind from elsewhere, so both run on a network in memory and
 * in virtual time as they do on {@link thisMachine}.
 */
export interface Machine {
  /**
   * A socket in the state `created`, whose `open` binds it. Throws as `createSocket` of
   * `@relay/socket` does.
   */
  readonly openSocket: (options: SocketOptions) => UdpSocket;
  /** A steady clock: ms that never go back. */
  readonly clock: () => number;
  /** Ms since 1970, as this machine believes; it may jump. */
  readonly wallClock: () => number;
  /** Runs `run` once after `delayMs`, 1 to 2^31 - 1; it may come a fraction of a ms early. */
  readonly schedule: (delayMs: number, run: () => void) => Cancel;
  /** Runs `run` once, after all that is ready now: sockets that can be read, above all. */
  readonly soon: (run: () => void) => Cancel;
  /** Fills all of `bytes` with unpredictable bytes. */
  readonly random: (bytes: Uint8Array) => void;
  /**
   * The IP addresses behind a name, the preferred one first. Rejects where there are none, or no
   * resolver answers.
   */
  readonly resolveName: (name: string) => Promise<readonly string[]>;
  /** The IP addresses of this machine's interfaces; an IPv6 one may have a zone. */
  readonly localAddresses: () => readonly string[];
}

/** The steady clock of this process: ms that never go back. */
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
  soon: (run) => {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  },
  random: (bytes) => {
    randomFillSync(bytes);
  },
  resolveName: async (name) => {
    const found = await lookup(name, { all: true, order: 'verbatim' });
    return found.map(({ address }) => address);
  },
  localAddresses: () =>
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => address),
};
