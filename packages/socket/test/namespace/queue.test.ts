// test/surroundings.test.ts runs this in its own network namespace. The kernel there soon takes no
// more datagrams.
import { describe, expect, test } from '@jest/globals';
import { kernelEngines } from '../engines.js';
import { batchOf, copyOf, LOCALHOST, numbered, payloads, received } from '../exchange.js';
import type { UdpSocket } from '../../src/index.js';
import { fillKernel, qdisc, slowPair } from './slow.js';

const native = kernelEngines.filter(({ engine }) => engine === 'native');

function arrivals(socket: UdpSocket): Uint8Array[] {
  const list: Uint8Array[] = [];
  socket.onReceive = (batch) => {
    for (let i = 0; i < batch.count; i++) list.push(copyOf(batch, i).bytes);
  };
  return list;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(kernelEngines)('a socket with a full kernel, on the engine $engine', (underTest) => {
  test('keeps the order: later datagrams wait behind the waiting ones, and the caller may reuse the batch', async () => {
    const [server, client] = await slowPair(underTest, { closeTimeoutMs: 60_000 });
    const arrived = arrivals(server);
    const expected = fillKernel(client, server);
    for (let round = 0; round < 6; round++) {
      const datagrams = [3, 400, 0, 1200, 1].map((size, i) => numbered(10 * round + i, size));
      const batch = batchOf(
        datagrams,
        datagrams.map(() => server.local),
      );
      expect(client.sendBatch(batch)).toBe(5);
      batch.bytes.fill(0xee);
      expected.push(...datagrams);
    }
    await client.close(); // ends when all is sent, before its time is up
    await until(() => arrived.length >= expected.length);
    expect(payloads(arrived)).toEqual(payloads(expected));
    expect(client.queuedBytes).toBe(0);
    expect(client.statistics).toMatchObject({ sentDatagrams: expected.length, queueDrops: 0, sendFailures: 0 });
    const bytes = expected.reduce((sum, { length }) => sum + length, 0);
    expect(client.statistics.sentBytes).toBe(bytes);
    await server.close();
  });

  test('waits at close no longer than its close time, and accepts nothing more until then', async () => {
    const [server, client] = await slowPair(underTest, { closeTimeoutMs: 100 });
    const startMs = performance.now();
    for (let i = 0; i < 300; i++) client.send(numbered(i, 1000), server.local);
    const closing = client.close();
    expect(client.state).toBe('closing');
    expect(client.send(numbered(1, 1), server.local)).toBe(false);
    await closing;
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThan(98);
    expect(client.queuedBytes).toBe(0);
    const { sentDatagrams, queueDrops } = client.statistics;
    expect(sentDatagrams + queueDrops).toBe(301);
    expect(queueDrops).toBeGreaterThan(50); // sending all would take more than a second
    await server.close();
  });
});

describe.each(native)('a socket with a full kernel, on the engine $engine', (underTest) => {
  test('lets exactly as many bytes wait as its queue may hold', async () => {
    const [server, client] = await slowPair(underTest, { sendQueueBytes: 3500, closeTimeoutMs: 60_000 });
    const arrived = arrivals(server);
    const taken = fillKernel(client, server);
    expect(client.queuedBytes).toBe(1000);
    const datagrams = [0, 1, 2, 3].map((i) => numbered(50 + i, 1000));
    const to = datagrams.map(() => server.local);
    expect(client.sendBatch(batchOf(datagrams, to))).toBe(2);
    expect(client.queuedBytes).toBe(3000);
    expect(client.send(numbered(60, 501), server.local)).toBe(false);
    expect(client.send(numbered(61, 500), server.local)).toBe(true);
    expect(client.queuedBytes).toBe(3500);
    expect(client.send(numbered(62, 1), server.local)).toBe(false);
    expect(client.send(numbered(63, 0), server.local)).toBe(true);
    expect(client.statistics).toMatchObject({ queuedDatagrams: 5, queueDrops: 4, sentDatagrams: taken.length - 1 });
    await client.close();
    const expected = [...taken, ...datagrams.slice(0, 2), numbered(61, 500), numbered(63, 0)];
    await until(() => arrived.length >= expected.length);
    expect(payloads(arrived)).toEqual(payloads(expected));
    await server.close();
  });

  test('drops and counts at once if nothing may wait, and accepts again when the kernel has room', async () => {
    const [server, client] = await slowPair(underTest, { sendQueueBytes: 0 }, true);
    const arrived = arrivals(server);
    const taken = fillKernel(client, server);
    expect(client.statistics).toMatchObject({ queuedDatagrams: 0, queueDrops: 1, sentDatagrams: taken.length });
    expect(client.queuedBytes).toBe(0);
    await until(() => arrived.length === taken.length);
    expect(client.send(numbered(9, 9))).toBe(true);
    await until(() => arrived.length === taken.length + 1);
    expect(client.statistics).toMatchObject({ queueDrops: 1, sentDatagrams: taken.length + 1 });
    await Promise.all([client.close(), server.close()]);
  });

  test('lets the datagrams accepted in a turn wait at its end, even beyond the limit', async () => {
    const [server, client] = await slowPair(underTest, { sendQueueBytes: 0, closeTimeoutMs: 60_000 });
    qdisc('tbf', 'rate', '10kbit', 'burst', '2000', 'limit', '1000000');
    const arrived = arrivals(server);
    const triggers = await Promise.all(
      [1, 2, 3].map(async () => {
        const socket = underTest.create({ local: LOCALHOST });
        await socket.open();
        return socket;
      }),
    );
    const told = Promise.all(triggers.map((socket) => received(socket, 1, () => sendLater())));
    let sent = 0;
    const sendLater = (): void => {
      expect(client.send(numbered(100 + sent++, 700), server.local)).toBe(true);
    };
    const [sender] = triggers;
    for (const { local } of triggers) sender?.send(Uint8Array.of(1), local);
    // This happens in the same turn, and so slowly that the kernel is still full at its end.
    const taken = fillKernel(client, server);
    await told;
    const { queuedDatagrams, queueDrops } = client.statistics;
    expect([sent, queuedDatagrams, queueDrops]).toEqual([3, 3, 1]);
    qdisc('tbf', 'rate', '2mbit', 'burst', '2000', 'limit', '1000000');
    await client.close();
    const expected = [...taken, ...[100, 101, 102].map((i) => numbered(i, 700))];
    await until(() => arrived.length >= expected.length);
    expect(payloads(arrived)).toEqual(payloads(expected));
    await Promise.all([...triggers, server].map((socket) => socket.close()));
  });
});
