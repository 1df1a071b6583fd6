import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HEADROOM_BYTES, TAILROOM_BYTES, SocketError, type UdpSocket } from '../src/index.js';
import { engines } from './engines.js';
import { batchOf, LOCALHOST, numbered, payloads, received } from './exchange.js';

describe.each(engines)('a socket of the engine $engine', ({ engine, create }) => {
  /** Opens a socket and another one that is connected to it. */
  async function pair(): Promise<[UdpSocket, UdpSocket]> {
    const server = create({ local: LOCALHOST, receiveBufferBytes: 4 << 20 });
    await server.open();
    const client = create({ remote: server.local, receiveBufferBytes: 4 << 20 });
    await client.open();
    return [server, client];
  }

  test('carries datagrams of all sizes whole in both directions', async () => {
    const [server, client] = await pair();
    for (const size of [0, 1, 200, 1472, 1473, 9000, 65507]) {
      const sent = numbered(size, size);
      const arriving = received(server, 1);
      expect(client.send(sent)).toBe(true);
      const [request] = await arriving;
      expect(request?.source).toEqual({ address: '127.0.0.1', port: client.local.port });
      const returning = received(client, 1);
      server.send(sent, request?.source);
      expect(payloads([...(await arriving), ...(await returning)])).toEqual(payloads([sent, sent]));
    }
    await Promise.all([server.close(), client.close()]);
  });

  test('carries any batch to its destinations intact and in order, whatever its runs of sizes', async () => {
    const [first, client] = await pair();
    const [second, another] = await pair();
    const sender = create({ local: LOCALHOST, sendBufferBytes: 4 << 20 });
    await sender.open();
    const runs = fc.array(
      fc.record({
        to: fc.nat(1),
        size: fc.integer({ min: 0, max: 1400 }),
        times: fc.integer({ min: 1, max: 40 }),
        rest: fc.nat(9),
      }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(runs, async (plan) => {
        const expected: [Uint8Array[], Uint8Array[]] = [[], []];
        const datagrams: Uint8Array[] = [];
        const destinations = plan.flatMap(({ to, size, times, rest }) => {
          const sizes = [...Array<number>(times).fill(size), Math.max(0, size - rest)];
          for (const length of sizes) datagrams.push(numbered(datagrams.length, length));
          expected[to as 0 | 1].push(...datagrams.slice(-sizes.length));
          return sizes.map(() => (to === 0 ? first.local : second.local));
        });
        const arrived = Promise.all([first, second].map((socket, i) => arrivals(socket, expected[i as 0 | 1].length)));
        const batch = batchOf(datagrams, destinations);
        expect(sender.sendBatch(batch)).toBe(datagrams.length);
        batch.bytes.fill(0xee); // the caller may write into the batch again
        expect((await arrived).map(payloads)).toEqual(expected.map(payloads));
      }),
      { numRuns: 25 },
    );
    await Promise.all([first, second, client, another, sender].map((socket) => socket.close()));
  });

  async function arrivals(socket: UdpSocket, count: number): ReturnType<typeof received> {
    return count === 0 ? [] : received(socket, count);
  }

  test('lets the callback use the bytes before and after a datagram', async () => {
    const [server, client] = await pair();
    const arriving = received(server, 1, ({ bytes, offsets, lengths }) => {
      const offset = offsets[0] ?? 0;
      const end = offset + (lengths[0] ?? 0);
      expect(offset).toBeGreaterThanOrEqual(HEADROOM_BYTES);
      expect(bytes.length - end).toBeGreaterThanOrEqual(TAILROOM_BYTES);
      bytes.fill(1, offset - HEADROOM_BYTES, end + TAILROOM_BYTES);
    });
    client.send(Uint8Array.of(7));
    await arriving;
    const again = received(server, 1);
    client.send(Uint8Array.of(8));
    expect((await again)[0]?.bytes).toEqual(Uint8Array.of(8));
    await Promise.all([server.close(), client.close()]);
  });

  test('can answer from within the callback with the received bytes', async () => {
    const [server, client] = await pair();
    server.onReceive = ({ count, bytes, offsets, lengths, sources }) => {
      expect(server.sendBatch({ count, bytes, offsets, lengths, destinations: sources })).toBe(count);
      bytes.fill(0);
    };
    const datagrams = Array.from({ length: 100 }, (_, i) => numbered(i, 300));
    const returning = received(client, datagrams.length);
    client.sendBatch(batchOf(datagrams));
    expect(payloads(await returning)).toEqual(payloads(datagrams));
    await Promise.all([server.close(), client.close()]);
  });

  test('receives only from its remote when it is connected', async () => {
    const [server, client] = await pair();
    const stranger = create({ local: LOCALHOST });
    await stranger.open();
    const arriving = received(client, 1);
    stranger.send(Uint8Array.of(1), { address: '127.0.0.1', port: client.local.port });
    server.send(Uint8Array.of(2), { address: '127.0.0.1', port: client.local.port });
    expect((await arriving)[0]?.bytes).toEqual(Uint8Array.of(2));
    await Promise.all([server.close(), client.close(), stranger.close()]);
  });

  test('takes IPv4 and IPv6 on one port if it is dual-stack, and answers both', async () => {
    const server = create({ local: { address: '::', port: 0 } });
    await server.open();
    for (const address of ['127.0.0.1', '::1']) {
      const client = create({ remote: { address, port: server.local.port } });
      await client.open();
      const arriving = received(server, 1);
      client.send(Uint8Array.of(4));
      const [{ source } = { source: LOCALHOST }] = await arriving;
      expect(source).toEqual({ address, port: client.local.port });
      const returning = received(client, 1);
      server.send(Uint8Array.of(6), source);
      expect((await returning)[0]?.bytes).toEqual(Uint8Array.of(6));
      await client.close();
    }
    await server.close();
  });

  test('has the states created, opening, open, closing, closed; a second open or close changes nothing', async () => {
    const socket = create({ local: LOCALHOST });
    expect(socket.state).toBe('created');
    expect(socket.local.port).toBe(0);
    const opening = socket.open();
    expect(socket.state).toBe('opening');
    await Promise.all([opening, socket.open()]);
    await socket.open();
    expect(socket.state).toBe('open');
    expect(socket.local.port).toBeGreaterThan(0);
    expect(socket.receiveBufferBytes).toBeGreaterThan(0);
    expect(socket.sendBufferBytes).toBeGreaterThan(0);
    const closing = socket.close();
    expect(socket.state).toBe('closing');
    await Promise.all([closing, socket.close()]);
    await socket.close();
    expect(socket.state).toBe('closed');
  });

  test('that is closed before it is open does not open', async () => {
    const socket = create({ local: LOCALHOST });
    await socket.close();
    expect(socket.state).toBe('closed');
    await expect(socket.open()).rejects.toMatchObject({ code: 'closed' });
  });

  test('closes at once if nothing waits to be sent, even with a long close time', async () => {
    const [server, client] = await pair();
    const idle = create({ local: LOCALHOST, closeTimeoutMs: 1_000_000 });
    await idle.open();
    const arriving = received(server, 1);
    const busy = create({ remote: server.local, closeTimeoutMs: 1_000_000 });
    await busy.open();
    busy.send(numbered(1, 10));
    await Promise.all([idle.close(), busy.close()]);
    expect(await arriving).toHaveLength(1);
    await Promise.all([server.close(), client.close()]);
  });

  test('can close while it opens', async () => {
    const socket = create({ local: LOCALHOST });
    const opening = socket.open();
    await socket.close();
    await opening;
    expect(socket.state).toBe('closed');
  });

  test('sends what it got while opening, up to the limit of its queue', async () => {
    const server = create({ local: LOCALHOST });
    await server.open();
    const client = create({ remote: server.local, sendQueueBytes: 100 });
    const opening = client.open();
    expect(client.send(numbered(1, 60))).toBe(true);
    expect(client.queuedBytes).toBe(60);
    expect(client.send(numbered(2, 41))).toBe(false);
    expect(client.send(numbered(3, 40))).toBe(true);
    const arriving = received(server, 2);
    await opening;
    expect((await arriving).map(({ bytes }) => bytes)).toEqual([numbered(1, 60), numbered(3, 40)]);
    expect(client.queuedBytes).toBe(0);
    expect(client.statistics).toMatchObject({ queuedDatagrams: 2, queueDrops: 1 });
    await Promise.all([server.close(), client.close()]);
  });

  test('drops and counts sends if it is not open', async () => {
    const socket = create({ local: LOCALHOST });
    const to = { address: '127.0.0.1', port: 9 };
    expect(socket.send(Uint8Array.of(1), to)).toBe(false);
    await socket.open();
    await socket.close();
    expect(socket.send(Uint8Array.of(1), to)).toBe(false);
    expect(socket.sendBatch(batchOf([numbered(1, 1), numbered(2, 2)], [to, to]))).toBe(0);
    expect(socket.statistics).toMatchObject({ queueDrops: 4, sentDatagrams: 0, errors: { closed: 4 } });
  });

  test('refuses wrong use: no destination, no endpoint, batches beyond their bytes', async () => {
    const socket = create({ local: LOCALHOST });
    await socket.open();
    const to = { address: '127.0.0.1', port: 9 };
    const batch = batchOf([numbered(1, 10)], [to]);
    const misuse = [
      () => socket.send(Uint8Array.of(1)),
      () => socket.send(Uint8Array.of(1), { address: 'localhost', port: 9 }),
      () => socket.send(Uint8Array.of(1), { address: '127.0.0.1', port: 65536 }),
      () => socket.sendBatch({ ...batch, offsets: Uint32Array.of(8) }),
      () => socket.sendBatch({ ...batch, offsets: Uint32Array.of(0xffffffff) }),
      () => socket.sendBatch({ ...batch, lengths: Uint32Array.of(0xffffffff) }),
      () => socket.sendBatch({ ...batch, count: 2 }),
      () => socket.sendBatch({ ...batch, destinations: new Uint8Array(23) }),
    ];
    for (const call of misuse) expect(call).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    expect(socket.statistics.sentDatagrams).toBe(0);
    await socket.close();
  });

  test('counts what it carries', async () => {
    const [server, client] = await pair();
    const arriving = received(server, 50);
    client.sendBatch(batchOf(Array.from({ length: 50 }, (_, i) => numbered(i, 100))));
    await arriving;
    expect(client.statistics).toMatchObject({
      sentDatagrams: 50,
      sentBytes: 5000,
      queueDrops: 0,
      sendFailures: 0,
      errors: {},
    });
    expect(client.statistics).toMatchObject(
      engine === 'native' ? { sendCalls: 1, largestSendBatch: 50 } : { sendCalls: 50, largestSendBatch: 1 },
    );
    const { receivedDatagrams, receivedBytes, receiveBatches, largestReceiveBatch } = server.statistics;
    expect([receivedDatagrams, receivedBytes]).toEqual([50, 5000]);
    expect(largestReceiveBatch).toBeGreaterThanOrEqual(50 / receiveBatches);
    expect(largestReceiveBatch).toBeLessThanOrEqual(server.maxBatch);
    await Promise.all([server.close(), client.close()]);
  });

  test('gives datagrams one by one to for await, and ends that when it is closed', async () => {
    const [server, client] = await pair();
    client.sendBatch(batchOf([numbered(1, 5), numbered(2, 6)]));
    const seen: Uint8Array[] = [];
    for await (const { bytes, source } of server) {
      seen.push(bytes);
      expect(source.port).toBe(client.local.port);
      if (seen.length === 2) void server.close();
    }
    expect(seen).toEqual([numbered(1, 5), numbered(2, 6)]);
    await client.close();
  });

  test('closes at the end of an await using block', async () => {
    let kept: UdpSocket;
    {
      await using socket = create({ local: LOCALHOST });
      await socket.open();
      kept = socket;
    }
    expect(kept.state).toBe('closed');
  });

  test('names its engine', () => {
    expect(create().engine).toBe(engine);
  });

  test.each([
    ['a local name', { local: { address: 'localhost', port: 0 } }],
    ['a port beyond 65,535', { local: { address: '127.0.0.1', port: 65536 } }],
    ['a remote port 0', { remote: { address: '127.0.0.1', port: 0 } }],
    ['two families', { local: { address: '127.0.0.1', port: 0 }, remote: { address: '::1', port: 1 } }],
    ['a fraction of a byte', { receiveBufferBytes: 1.5 }],
    ['a negative queue', { sendQueueBytes: -1 }],
    ['steering of a port that is not shared', { steering: { offset: 0, mask: 1 } }],
  ])('refuses to be created with %s', (_, options) => {
    expect(() => create(options)).toThrow(SocketError);
    expect(() => create(options)).toThrow(expect.objectContaining({ code: 'invalid-argument', operation: 'create' }));
  });
});
