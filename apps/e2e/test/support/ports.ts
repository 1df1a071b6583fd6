import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { eventually } from './eventually.js';

const RANGE_START = 20_000;
const RANGE_END = 32_000;
/** For ranges so wide that other tests, which run at the same time, would meet them. */
const WIDE_START = 4000;
const WIDE_END = 10_000;
const WIDE_COUNT = 1000;

/**
 * Returns the first of `count` neighbouring UDP ports that were free a moment ago. They lie outside
 * of the range from which the system chooses.
 */
export async function freeRange(count: number): Promise<number> {
  const [start, end] = count < WIDE_COUNT ? [RANGE_START, RANGE_END] : [WIDE_START, WIDE_END];
  for (;;) {
    const first = start + Math.floor(Math.random() * (end - start - count));
    const sockets = Array.from({ length: count }, () => createSocket('udp4'));
    try {
      for (const [i, socket] of sockets.entries()) await bind(socket, first + i);
      return first;
    } catch {
      // The ports are taken. The next attempt follows.
    } finally {
      await Promise.all(sockets.map(close));
    }
  }
}

/**
 * Returns a UDP port that was free a moment ago, for programs that cannot let the system choose
 * one.
 */
export const freePort = (): Promise<number> => freeRange(1);

/** Takes UDP ports of 127.0.0.1 as another program would, until it is disposed of. */
export class TakenPorts implements AsyncDisposable {
  readonly #sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  /** Takes `count` neighbouring ports. Rejects, with none of them taken, if one is not free. */
  static async take(first: number, count = 1): Promise<TakenPorts> {
    const taken = new TakenPorts(Array.from({ length: count }, () => createSocket('udp4')));
    const bound = await Promise.allSettled(taken.#sockets.map((socket, i) => bind(socket, first + i)));
    const failure = bound.find((result) => result.status === 'rejected');
    if (failure === undefined) return taken;
    await taken[Symbol.asyncDispose]();
    throw failure.reason;
  }

  /** Resolves as soon as all these ports can be taken at once; leaves them free. */
  static async allFree(first: number, count = 1): Promise<void> {
    const taken = await eventually(() => TakenPorts.take(first, count));
    await taken[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sockets.map(close));
  }
}

async function bind(socket: Socket, port: number): Promise<void> {
  const listening = once(socket, 'listening');
  socket.bind(port, '127.0.0.1');
  await listening;
}

async function close(socket: Socket): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}
