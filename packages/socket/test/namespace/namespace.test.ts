// test/surroundings.test.ts runs this in its own network namespace, whose loopback has an MTU of
// 1400 and is slow (200 kbit/s).
import { describe, expect, test } from '@jest/globals';
import { BROADCAST_ADDRESS, kernelEngines } from '../engines.js';
import { batchOf, copyOf, LOCALHOST, losses, lostTags, numbered, payloads, received, reported } from '../exchange.js';
import { qdisc, slowPair } from './slow.js';

const NOWHERE = { address: BROADCAST_ADDRESS, port: 9 };

describe.each(kernelEngines)('a socket on a slow network of the engine $engine', (underTest) => {
  const { engine, create } = underTest;

  test('lets datagrams wait that the kernel does not take, and drops and counts those beyond its queue', async () => {
    const [server, client] = await slowPair(underTest, { sendQueueBytes: 20_000 }, true);
    const offered = Array.from({ length: 60 }, (_, i) => numbered(i, 1000));
    const accepted = offered.filter((datagram) => client.send(datagram));
    const { queueDrops, queuedDatagrams } = client.statistics;
    expect(queuedDatagrams).toBeGreaterThan(0);
    expect(queueDrops).toBe(60 - accepted.length);
    expect(queueDrops).toBeGreaterThan(0);
    expect(client.queuedBytes).toBeGreaterThan(0);
    expect(client.queuedBytes).toBeLessThanOrEqual(20_000);
    const arriving = received(server, accepted.length);
    await client.close(); // the close waits for the queue
    expect(payloads(await arriving)).toEqual(payloads(accepted));
    expect(client.statistics).toMatchObject({ sentDatagrams: accepted.length, sendFailures: 0, errors: {} });
    await server.close();
  });

  test('reports a datagram that waited and then was refused by its tag, and sends the rest in order', async () => {
    const [server, client] = await slowPair(underTest, { sendQueueBytes: 1 << 20 });
    const list = losses(client);
    const arrived: Uint8Array[] = [];
    server.onReceive = (batch) => {
      for (let i = 0; i < batch.count; i++) arrived.push(copyOf(batch, i).bytes);
    };
    const tags = Array.from({ length: 40 }, (_, i) => i + 1);
    for (let i = 0; i < 40; i += 4) {
      const some = tags.slice(i, i + 4);
      const destinations = some.map((tag) => (tag % 10 === 0 ? { ...NOWHERE, port: tag } : server.local));
      const datagrams = some.map((tag) => numbered(tag, 1000 + (tag % 2)));
      expect(client.sendBatch({ ...batchOf(datagrams, destinations), tags: Uint32Array.from(some) })).toBe(4);
    }
    expect(client.statistics.queuedDatagrams).toBeGreaterThan(20);
    await client.close();
    const lost = lostTags(list);
    // Node.js may lose the neighbours of a refused datagram with it.
    if (engine === 'native') expect(lost).toEqual([10, 20, 30, 40]);
    else expect(lost).toEqual(expect.arrayContaining([10, 20, 30, 40]));
    expect(new Set(list.map(({ code }) => code))).toEqual(new Set(['permission-denied']));
    expect(list).toContainEqual({ tag: 30, datagrams: 1, code: 'permission-denied', port: 30 });
    while (arrived.length < 40 - lost.length) await new Promise((resolve) => setImmediate(resolve));
    const others = tags.filter((tag) => !lost.includes(tag));
    expect(payloads(arrived)).toEqual(payloads(others.map((tag) => numbered(tag, 1000 + (tag % 2)))));
    expect(client.statistics).toMatchObject({ sentDatagrams: 40 - lost.length, sendFailures: lost.length });
    await server.close();
  });

  test('reports datagrams that still wait after the close time by their tags', async () => {
    const [server, client] = await slowPair(underTest, { sendQueueBytes: 1 << 20, closeTimeoutMs: 1 }, true);
    const list = losses(client);
    const datagrams = Array.from({ length: 200 }, (_, i) => numbered(i, 1000));
    expect(client.sendBatch({ ...batchOf(datagrams), tags: Uint32Array.from(datagrams, (_, i) => i + 1) })).toBe(200);
    await client.close();
    const { sentDatagrams, queueDrops } = client.statistics;
    expect(sentDatagrams).toBeGreaterThan(0);
    expect(queueDrops).toBeGreaterThan(0);
    // The datagrams that the kernel took come first.
    expect(lostTags(list)).toEqual(Array.from({ length: queueDrops }, (_, i) => sentDatagrams + 1 + i));
    expect(sentDatagrams + queueDrops).toBe(200);
    expect(new Set(list.map(({ code, port }) => `${code} ${port}`))).toEqual(new Set([`closed ${server.local.port}`]));
    expect(client.statistics.errors).toEqual({ closed: queueDrops });
    await server.close();
  });

  test('reports what the device drops if the kernel reveals it, and lives on', async () => {
    qdisc('tbf', 'rate', '2mbit', 'burst', '2000', 'limit', '3000');
    const server = create({ local: LOCALHOST });
    await server.open();
    const client = create({ remote: server.local });
    await client.open();
    const reporting = reported(client);
    for (let i = 0; i < 20; i++) client.send(numbered(i, 1000));
    // Linux hides this without IP_RECVERR, which node:dgram does not set.
    if (engine === 'native') {
      expect(await reporting).toMatchObject({
        error: { code: 'no-buffers', systemCode: 'ENOBUFS', operation: 'send' },
      });
      expect(client.statistics.errors['no-buffers']).toBe(client.statistics.sendFailures);
    }
    qdisc('pfifo', 'limit', '1000');
    const arriving = received(server, 1);
    client.send(numbered(99, 10));
    await arriving;
    await Promise.all([client.close(), server.close()]);
  });

  test.each([
    ['a network without a route', '192.0.2.1', 'network-unreachable'],
    ['an unreachable host', '198.51.100.1', 'host-unreachable'],
    ['a broadcast address', '127.255.255.255', 'permission-denied'],
  ] as const)('reports %s by its code, and lives on', async (_, address, code) => {
    qdisc('pfifo', 'limit', '1000');
    const socket = create({ local: { address: '0.0.0.0', port: 0 } });
    await socket.open();
    const reporting = reported(socket);
    expect(socket.send(numbered(1, 1), { address, port: 9 })).toBe(true);
    expect(await reporting).toMatchObject({
      error: { code, operation: 'send', datagrams: 1 },
      destination: { address, port: 9 },
    });
    const arriving = received(socket, 1);
    socket.send(numbered(2, 2), { address: '127.0.0.1', port: socket.local.port });
    await arriving;
    await socket.close();
  });

  test('sends runs of datagrams that exceed the MTU, although their offload is refused once', async () => {
    qdisc('pfifo', 'limit', '1000');
    const server = create({ local: LOCALHOST });
    await server.open();
    const client = create({ remote: server.local });
    await client.open();
    for (const round of [1, 2]) {
      const datagrams = Array.from({ length: 20 }, (_, i) => numbered(i * round, 1450));
      const arriving = received(server, datagrams.length);
      expect(client.sendBatch(batchOf(datagrams))).toBe(20);
      expect(payloads(await arriving)).toEqual(payloads(datagrams));
    }
    expect(client.statistics).toMatchObject({ sentDatagrams: 40, sendFailures: 0, errors: {} });
    await Promise.all([client.close(), server.close()]);
  });
});
