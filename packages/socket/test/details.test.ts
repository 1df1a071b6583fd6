import { describe, expect, test } from '@jest/globals';
import { PACKED_ENDPOINT_BYTES, packEndpoint, unpackEndpoint } from '@relay/packet';
import { MAX_DATAGRAM_BYTES, SocketError, type ReceiveBatch } from '../src/index.js';
import { nativeLoop } from '../src/native/native-loop.js';
import { engines, kernelEngines } from './engines.js';
import { batchOf, LOCALHOST, numbered, payloads, received, reported } from './exchange.js';

describe.each(engines)('the details of datagrams on the engine $engine', ({ engine, create }) => {
  test('have the local address that the source sent to, which the answer can leave from', async () => {
    for (const [bound, address] of [
      ['0.0.0.0', '127.0.0.1'],
      ['::', '::1'],
      ['::', '127.0.0.1'],
    ] as const) {
      const server = create({ local: { address: bound, port: 0 }, receiveLocals: true });
      await server.open();
      const client = create({ remote: { address, port: server.local.port } });
      await client.open();
      server.onReceive = ({ count, bytes, offsets, lengths, sources, locals }) => {
        if (engine !== 'dgram') {
          expect(unpackEndpoint(locals, 0)).toEqual({ address, port: server.local.port });
        } else {
          expect(locals.subarray(0, PACKED_ENDPOINT_BYTES)).toEqual(new Uint8Array(PACKED_ENDPOINT_BYTES));
        }
        server.sendBatch({ count, bytes, offsets, lengths, destinations: sources, locals });
      };
      const returning = received(client, 1);
      client.send(numbered(1, 7));
      expect(payloads(await returning)).toEqual(payloads([numbered(1, 7)]));
      await Promise.all([server.close(), client.close()]);
    }
  });

  test('have the local address that a datagram should leave from, whatever its port', async () => {
    const sink = create({ local: LOCALHOST });
    await sink.open();
    const socket = create({ local: { address: '0.0.0.0', port: 0 } });
    await socket.open();
    const from = ['127.0.0.5', '127.0.0.6', undefined];
    const locals = new Uint8Array(3 * PACKED_ENDPOINT_BYTES);
    packEndpoint({ address: '127.0.0.5', port: 0 }, locals, 0);
    packEndpoint({ address: '127.0.0.6', port: 1 }, locals, PACKED_ENDPOINT_BYTES);
    const arriving = received(sink, 3);
    const datagrams = from.map((_, i) => numbered(i, 5));
    socket.sendBatch({
      ...batchOf(
        datagrams,
        datagrams.map(() => sink.local),
      ),
      locals,
    });
    const sources = (await arriving).map(({ source }) => source);
    // node:dgram cannot choose the local address.
    const expected = from.map((address) => (engine === 'dgram' ? '127.0.0.1' : (address ?? '127.0.0.1')));
    expect(sources).toEqual(expected.map((address) => ({ address, port: socket.local.port })));
    await Promise.all([socket.close(), sink.close()]);
  });

  test('have the time when the kernel received them, if asked and if the engine can', async () => {
    const server = create({ local: LOCALHOST, receiveTimestamps: true, receiveEcn: true });
    await server.open();
    const before = Date.now();
    const times: number[] = [];
    const arriving = received(server, 1, ({ timestampsMs, ecn }) => times.push(timestampsMs[0] ?? -1, ecn[0] ?? -1));
    server.send(numbered(1, 1), server.local);
    await arriving;
    expect(times[1]).toBe(0);
    if (engine === 'native') expect(Math.abs((times[0] ?? 0) - before)).toBeLessThan(5000);
    else expect(times[0]).toBeGreaterThanOrEqual(0);
    await server.close();
  });
});

const native = engines.filter(({ engine }) => engine === 'native');

for (const { create } of native) {
  describe('the native engine', () => {
    test('answers from the address that was asked, not from the one that the kernel would choose', async () => {
      const server = create({ local: { address: '0.0.0.0', port: 0 }, receiveLocals: true });
      await server.open();
      server.onReceive = ({ count, bytes, offsets, lengths, sources, locals }) => {
        server.sendBatch({ count, bytes, offsets, lengths, destinations: sources, locals });
      };
      // This client is connected: it would not receive an answer from another address.
      const client = create({ local: LOCALHOST, remote: { address: '127.77.0.1', port: server.local.port } });
      await client.open();
      const returning = received(client, 1);
      client.send(numbered(3, 3));
      expect(payloads(await returning)).toEqual(payloads([numbered(3, 3)]));
      await Promise.all([server.close(), client.close()]);
    });

    test('receives a run that was sent as one as single datagrams', async () => {
      const server = create({ local: LOCALHOST, receiveBufferBytes: 4 << 20 });
      await server.open();
      const client = create({ remote: server.local });
      await client.open();
      expect(client.maxSegments).toBeGreaterThan(1);
      const datagrams = Array.from({ length: 40 }, (_, i) => numbered(i, i === 39 ? 77 : 1200));
      const arriving = received(server, datagrams.length);
      client.sendBatch(batchOf(datagrams));
      expect(payloads(await arriving)).toEqual(payloads(datagrams));
      expect(client.statistics).toMatchObject({ sentDatagrams: 40, sentBytes: 39 * 1200 + 77, sendCalls: 1 });
      await Promise.all([server.close(), client.close()]);
    });

    test('reports the errors of several sockets in one turn', async () => {
      const nobody = create({ local: LOCALHOST });
      await nobody.open();
      await nobody.close();
      const sockets = Array.from({ length: 8 }, () => create({ remote: nobody.local }));
      for (const socket of sockets) await socket.open();
      const told: number[] = [];
      const inTurn = new Promise<number[]>((resolve) => {
        for (const [i, socket] of sockets.entries())
          socket.onError = () => {
            if (told.push(i) === 1) setImmediate(() => resolve([...told]));
          };
      });
      for (const socket of sockets) socket.send(numbered(1, 1));
      expect((await inTurn).sort((a, b) => a - b)).toEqual(sockets.map((_, i) => i));
      await Promise.all(sockets.map((socket) => socket.close()));
    });

    test('counts exactly what the kernel dropped for want of room, even when nothing follows', async () => {
      const server = create({ local: LOCALHOST, receiveBufferBytes: 1 });
      await server.open();
      const client = create({ remote: server.local, sendOffload: false });
      await client.open();
      let seen = 0;
      server.onReceive = ({ count }: ReceiveBatch) => void (seen += count);
      // All datagrams are sent at once: the receiver does not run before the last one.
      client.sendBatch(batchOf(Array.from({ length: 200 }, (_, i) => numbered(i, 500))));
      expect(client.statistics.sentDatagrams).toBe(200);
      while (seen + (server.statistics.kernelDrops ?? 0) < 200) await new Promise((resolve) => setImmediate(resolve));
      expect(server.statistics.kernelDrops).toBeGreaterThan(0);
      expect(seen + (server.statistics.kernelDrops ?? 0)).toBe(200);
      await server.close();
      expect(seen + (server.statistics.kernelDrops ?? 0)).toBe(200);
      await client.close();
    });

    test('reuses the number of a socket that is closed or failed to open', async () => {
      const loop = nativeLoop();
      if (loop instanceof SocketError) throw loop;
      const nextNumber = (): number => {
        const number = loop.add({
          ready: () => undefined,
          flushOutbox: () => undefined,
          countKernelDrops: () => undefined,
        });
        loop.remove(number);
        return number;
      };
      const before = nextNumber();
      const socket = create({ local: LOCALHOST });
      await socket.open();
      expect(nextNumber()).not.toBe(before);
      const other = nextNumber();
      await expect(create({ local: socket.local }).open()).rejects.toMatchObject({ code: 'address-in-use' });
      expect(nextNumber()).toBe(other);
      await socket.close();
      expect(nextNumber()).toBe(before);
    });

    test('notices that the buffers of a known batch have been transferred', async () => {
      const socket = create({ local: LOCALHOST });
      await socket.open();
      const destinations = new Uint8Array(PACKED_ENDPOINT_BYTES);
      packEndpoint(socket.local, destinations, 0);
      const batch = { ...batchOf([numbered(1, 100)]), destinations };
      const arriving = received(socket, 4);
      for (let i = 0; i < 4; i++) expect(socket.sendBatch(batch)).toBe(1);
      expect(await arriving).toHaveLength(4);
      const { buffer } = batch.bytes;
      if (buffer instanceof ArrayBuffer) structuredClone(buffer, { transfer: [buffer] });
      for (let i = 0; i < 4; i++) expect(() => socket.sendBatch(batch)).toThrow(SocketError);
      await socket.close();
    });
  });
}

describe.each(kernelEngines)('a socket of the engine $engine', ({ create }) => {
  test('gets larger kernel buffers if asked, and reports their actual size', async () => {
    const plain = create({ local: LOCALHOST });
    const receives = create({ local: LOCALHOST, receiveBufferBytes: 150_000 });
    const sends = create({ local: LOCALHOST, sendBufferBytes: 150_000 });
    await Promise.all([plain, receives, sends].map((socket) => socket.open()));
    expect(receives.receiveBufferBytes).toBeGreaterThan(plain.receiveBufferBytes);
    expect(receives.sendBufferBytes).toBe(plain.sendBufferBytes);
    expect(sends.sendBufferBytes).toBeGreaterThan(plain.sendBufferBytes);
    expect(sends.receiveBufferBytes).toBe(plain.receiveBufferBytes);
    expect(plain.receiveBufferBytes).toBeGreaterThan(50_000);
    await Promise.all([plain, receives, sends].map((socket) => socket.close()));
  });

  test('sends the largest datagram over IPv6, which is larger than that of IPv4, and no larger one', async () => {
    const socket = create({ local: { address: '::1', port: 0 } });
    await socket.open();
    const arriving = received(socket, 1);
    const reporting = reported(socket);
    socket.send(numbered(2, MAX_DATAGRAM_BYTES + 21), socket.local);
    socket.send(numbered(1, MAX_DATAGRAM_BYTES + 20), socket.local);
    expect((await reporting).error).toMatchObject({ code: 'message-too-large', datagrams: 1 });
    expect(payloads(await arriving)).toEqual(payloads([numbered(1, MAX_DATAGRAM_BYTES + 20)]));
    await socket.close();
    expect(socket.statistics).toMatchObject({ sentDatagrams: 1, sendFailures: 1 });
  });
});
