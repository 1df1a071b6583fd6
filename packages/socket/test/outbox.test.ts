// The callbacks of several sockets may send in one turn of the event loop through one socket. All
// this leaves by one system call at the end of the turn, in order. Only the native engine does so.
import { describe, expect, test } from '@jest/globals';
import type { Endpoint } from '@relay/packet';
import type { SocketOptions, UdpSocket } from '../src/index.js';
import { BROADCAST_ADDRESS, engines } from './engines.js';
import { batchOf, copyOf, LOCALHOST, losses, numbered, payloads } from './exchange.js';

const ANY: SocketOptions = { local: { address: '0.0.0.0', port: 0 } };

describe.each(engines)('a batch sent from a receive callback, on the engine $engine', ({ engine, create }) => {
  const isNative = engine === 'native';
  const opened: UdpSocket[] = [];

  async function open(options: SocketOptions = { local: LOCALHOST }): Promise<UdpSocket> {
    const socket = create(options);
    await socket.open();
    opened.push(socket);
    return socket;
  }

  /** Opens a socket that keeps the datagrams that it receives. */
  async function openSink(): Promise<{ to: Endpoint; arrived: Uint8Array[]; all: (count: number) => Promise<void> }> {
    const socket = await open({ local: LOCALHOST, receiveBufferBytes: 4 << 20 });
    const arrived: Uint8Array[] = [];
    socket.onReceive = (batch) => {
      for (let i = 0; i < batch.count; i++) arrived.push(copyOf(batch, i).bytes);
    };
    const all = async (count: number): Promise<void> => {
      while (arrived.length < count) await new Promise((resolve) => setImmediate(resolve));
    };
    return { to: socket.local, arrived, all };
  }

  /**
   * Makes sockets that get one datagram each in the same turn, so that these callbacks run one
   * after the other. Resolves when all have run.
   */
  async function inOneTurn(...callbacks: (() => void)[]): Promise<void> {
    const left = [...callbacks];
    const sockets = await Promise.all(callbacks.map(() => open()));
    const sender = await open();
    await new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.onReceive = () => {
          left.shift()?.();
          if (left.length === 0) resolve();
        };
        sender.send(Uint8Array.of(1), socket.local);
      }
    });
  }

  async function closeAll(): Promise<void> {
    await Promise.all(opened.splice(0).map((socket) => socket.close()));
  }

  /** Makes datagrams of this size, numbered from `from` on. */
  const some = (count: number, size: number, to: Endpoint, from = 0): Parameters<UdpSocket['sendBatch']>[0] =>
    batchOf(
      Array.from({ length: count }, (_, i) => numbered(from + i, size)),
      Array<Endpoint>(count).fill(to),
    );
  const numbers = (count: number, size: number, from = 0): string[] =>
    payloads(Array.from({ length: count }, (_, i) => numbered(from + i, size)));

  test('leaves together with the others at the end of the turn, in order, and counts as queued until then', async () => {
    const { to, arrived, all } = await openSink();
    const socket = await open();
    const queued: number[] = [];
    const sendOne = (): void => {
      expect(socket.sendBatch(some(1, 100, to, queued.length))).toBe(1);
      queued.push(socket.queuedBytes);
    };
    await inOneTurn(sendOne, sendOne, sendOne, sendOne, sendOne);
    await all(5);
    expect(payloads(arrived)).toEqual(numbers(5, 100));
    if (isNative) expect(queued).toEqual([100, 200, 300, 400, 500]);
    expect(socket.queuedBytes).toBe(0);
    if (isNative) expect(socket.statistics).toMatchObject({ sendCalls: 1, largestSendBatch: 5 });
    expect(socket.statistics).toMatchObject({ sentDatagrams: 5, sentBytes: 500, queuedDatagrams: 0, queueDrops: 0 });
    await closeAll();
  });

  test('leaves at once from each callback if only one socket is ready', async () => {
    const { to, arrived, all } = await openSink();
    const socket = await open();
    const queued: number[] = [];
    for (const i of [0, 1]) {
      await inOneTurn(() => {
        socket.sendBatch(some(1, 100, to, i));
        queued.push(socket.queuedBytes);
      });
    }
    await all(2);
    expect(payloads(arrived)).toEqual(numbers(2, 100));
    expect(queued).toEqual([0, 0]);
    await closeAll();
  });

  test('leaves at once if it is large, after the batches that waited before it', async () => {
    const { to, arrived, all } = await openSink();
    const socket = await open();
    const queued: number[] = [];
    const send = (count: number) => (): void => {
      socket.sendBatch(some(count, 50, to, [0, 8, 17][queued.length]));
      queued.push(socket.queuedBytes);
    };
    await inOneTurn(send(8), send(9), send(8), () => undefined);
    await all(25);
    expect(payloads(arrived)).toEqual(numbers(25, 50));
    if (isNative) expect(queued).toEqual([400, 0, 400]);
    await closeAll();
  });

  test('leaves at once when more than 32 KiB wait', async () => {
    const { to, arrived, all } = await openSink();
    const socket = await open();
    const queued: number[] = [];
    const send = (count: number, size: number) => (): void => {
      socket.sendBatch(some(count, size, to, 8 * queued.length));
      queued.push(socket.queuedBytes);
    };
    await inOneTurn(send(8, 2048), send(8, 2048), send(1, 1), send(8, 2048), () => undefined);
    await all(25);
    expect(payloads(arrived)).toEqual([...numbers(16, 2048), ...numbers(1, 1, 16), ...numbers(8, 2048, 24)]);
    if (isNative) expect(queued).toEqual([16_384, 32_768, 0, 16_384]);
    await closeAll();
  });

  test('waits for one sending socket at a time, and never for a connected one', async () => {
    const { to, all } = await openSink();
    const [first, second] = [await open(), await open()];
    const connected = await open({ remote: to });
    const queued: number[][] = [];
    const send = (socket: UdpSocket) => (): void => {
      socket.sendBatch(some(1, 10, to));
      queued.push([first, second, connected].map(({ queuedBytes }) => queuedBytes));
    };
    await inOneTurn(send(first), send(connected), send(second), send(second), send(first), () => undefined);
    await all(5);
    if (isNative)
      expect(queued).toEqual([
        [10, 0, 0],
        [10, 0, 0],
        [0, 10, 0],
        [0, 20, 0],
        [10, 0, 0],
      ]);
    expect([first, second, connected].map(({ statistics }) => statistics.sentDatagrams)).toEqual([2, 2, 1]);
    await closeAll();
  });

  test('is reported by its tag if the kernel refuses it at the end of the turn', async () => {
    const { to, arrived, all } = await openSink();
    const socket = await open(ANY);
    const list = losses(socket);
    const nowhere = { address: BROADCAST_ADDRESS, port: 9 };
    const send =
      (tags: number[], ...destinations: Endpoint[]) =>
      (): void => {
        const batch = batchOf(
          tags.map((tag) => numbered(tag, 20)),
          destinations,
        );
        expect(socket.sendBatch({ ...batch, tags: Uint32Array.from(tags) })).toBe(tags.length);
      };
    await inOneTurn(
      () => void socket.sendBatch(some(1, 20, nowhere)),
      send([1, 2], to, nowhere),
      send([3, 4, 5], nowhere, to, to),
      () => undefined,
    );
    await all(3);
    expect(payloads(arrived)).toEqual(payloads([1, 4, 5].map((tag) => numbered(tag, 20))));
    await closeAll();
    expect(list).toEqual([0, 2, 3].map((tag) => ({ tag, datagrams: 1, code: 'permission-denied', port: 9 })));
    expect(socket.statistics).toMatchObject({ sentDatagrams: 3, sendFailures: 3 });
  });

  test('is sent before its socket closes in the same turn', async () => {
    const { to, arrived, all } = await openSink();
    const socket = await open();
    await inOneTurn(
      () => void socket.sendBatch(some(3, 30, to)),
      () => void socket.close(),
      () => undefined,
    );
    await all(3);
    expect(payloads(arrived)).toEqual(numbers(3, 30));
    expect(socket.statistics).toMatchObject({ sentDatagrams: 3, queueDrops: 0 });
    await closeAll();
  });

  test('is refused as a whole if it reaches beyond its bytes', async () => {
    const { to } = await openSink();
    const socket = await open();
    let error: unknown;
    await inOneTurn(
      () => {
        try {
          socket.sendBatch({ ...some(2, 10, to), lengths: Uint32Array.of(10, 1000) });
        } catch (caught) {
          error = caught;
        }
      },
      () => undefined,
    );
    expect(error).toMatchObject({ code: 'invalid-argument' });
    await closeAll();
    expect(socket.statistics).toMatchObject({ sentDatagrams: 0, sendFailures: 0, queueDrops: 0 });
  });
});
