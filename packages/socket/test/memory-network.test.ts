import { describe, expect, test } from '@jest/globals';
import type { Endpoint } from '@relay/packet';
import { HEADROOM_BYTES, TAILROOM_BYTES, type ReceiveBatch, type SocketOptions, type UdpSocket } from '../src/index.js';
import { MemoryNetwork, type LinkConditions, type MemoryHost } from '../src/testing/index.js';
import { batchOf, copyOf, losses, numbered } from './exchange.js';

interface Arrival {
  readonly ms: number;
  readonly number: number;
  readonly source: Endpoint;
}

async function open(host: MemoryHost, options: SocketOptions = {}): Promise<UdpSocket> {
  const socket = host.createSocket(options);
  await socket.open();
  return socket;
}

/** Records the datagrams that a socket receives, with the time of the network. */
function arrivals(network: MemoryNetwork, socket: UdpSocket): Arrival[] {
  const list: Arrival[] = [];
  socket.onReceive = (batch: ReceiveBatch) => {
    for (let i = 0; i < batch.count; i++) {
      const { bytes, source } = copyOf(batch, i);
      list.push({ ms: network.clock.nowMs, number: bytes[0] ?? -1, source });
    }
  };
  return list;
}

async function line(conditions: Partial<LinkConditions>, seed = 1) {
  const network = new MemoryNetwork({ seed, ...conditions });
  const server = await open(network.host('192.0.2.1'), { local: { address: '192.0.2.1', port: 7000 } });
  const client = await open(network.host('192.0.2.2'), { remote: server.local });
  const list = arrivals(network, server);
  const sendMany = (count: number, everyMs = 1, bytes = 100): Arrival[] => {
    for (let i = 0; i < count; i++) {
      client.send(new Uint8Array(bytes).fill(i & 0xff));
      network.clock.advance(everyMs);
    }
    network.clock.runUntilIdle();
    return list;
  };
  return { network, server, client, sendMany };
}

describe('the network in memory', () => {
  test('carries nothing until time passes, and then after the delay of the path', async () => {
    const { network, client, sendMany } = await line({ delayMs: 25 });
    expect(sendMany(1)).toMatchObject([{ ms: 25, source: client.local.port ? { address: '192.0.2.2' } : {} }]);
    expect(network.lostDatagrams).toBe(0);
  });

  test('delivers datagrams that arrive at the same time as one batch', async () => {
    const { network, server, client } = await line({ delayMs: 5 });
    for (let i = 0; i < 10; i++) client.send(numbered(i, 10));
    network.clock.runUntilIdle();
    expect(server.statistics).toMatchObject({ receivedDatagrams: 10, receiveBatches: 1, largestReceiveBatch: 10 });
  });

  test('loses, duplicates and reorders by chance, in the same way for the same seed', async () => {
    const conditions = { lossRate: 0.2, duplicateRate: 0.1, reorderRate: 0.1, jitterMs: 3 };
    const [once, again, other] = [await line(conditions, 5), await line(conditions, 5), await line(conditions, 6)];
    const list = once.sendMany(200);
    expect(again.sendMany(200)).toEqual(list);
    expect(other.sendMany(200)).not.toEqual(list);
    const distinct = new Set(list.map(({ number }) => number)).size;
    expect(200 - distinct).toBe(once.network.lostDatagrams);
    expect(distinct).toBeGreaterThan(130);
    expect(distinct).toBeLessThan(190);
    expect(list.length).toBeGreaterThan(distinct);
    expect(list.some(({ number }, i) => number < (list[i - 1]?.number ?? 0))).toBe(true);
  });

  test('keeps the order if there is only jitter', async () => {
    const { sendMany } = await line({ jitterMs: 50 });
    const numbers = sendMany(100).map(({ number }) => number);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  test('passes what the rate limit allows, and loses what does not fit its queue', async () => {
    const { network, sendMany } = await line({ bytesPerSecond: 12_800, queueBytes: 1280 });
    const list = sendMany(50, 0); // 128 bytes each with headers: 100 a second
    expect(list).toHaveLength(10);
    expect(list.map(({ ms }) => ms)).toEqual(Array.from({ length: 10 }, (_, i) => (i + 1) * 10));
    expect(network.lostDatagrams).toBe(40);
  });

  test('reports a datagram that is too large for the path to its sender, unless the path is a black hole', async () => {
    for (const icmp of [true, false]) {
      const { network, client, sendMany } = await line({ mtuBytes: 1280, icmp });
      const errors: string[] = [];
      client.onError = ({ code }) => errors.push(code);
      expect(sendMany(1, 1, 1252)).toHaveLength(1);
      expect(sendMany(1, 1, 1253)).toHaveLength(1);
      expect(network.lostDatagrams).toBe(1);
      expect(errors).toEqual(icmp ? ['message-too-large'] : []);
    }
  });

  test('can be cut and mended in one direction', async () => {
    const { network, sendMany } = await line({});
    network.setConditions({ lossRate: 1 }, { from: '192.0.2.2', to: '192.0.2.1' });
    expect(sendMany(5)).toHaveLength(0);
    network.setConditions({ lossRate: 0 }, { from: '192.0.2.2', to: '192.0.2.1' });
    expect(sendMany(5)).toHaveLength(5);
  });

  test('can change the conditions of every path, also of those in use, or of one path alone', async () => {
    const network = new MemoryNetwork({ delayMs: 5 });
    const [a, b] = [await open(network.host('192.0.2.1')), await open(network.host('192.0.2.2'))];
    const at = (address: string, { local }: UdpSocket): Endpoint => ({ address, port: local.port });
    const [toA, toB] = [at('192.0.2.1', a), at('192.0.2.2', b)];
    const [atA, atB] = [arrivals(network, a), arrivals(network, b)];
    const delays = (): (number | undefined)[] => {
      const startMs = network.clock.nowMs;
      a.send(numbered(1, 1), toB);
      b.send(numbered(1, 1), toA);
      network.clock.advance(100);
      return [atB, atA].map((list) => (list.at(-1)?.ms ?? 0) - startMs);
    };
    expect(delays()).toEqual([5, 5]);
    network.setConditions({ delayMs: 9 }, { from: '192.0.2.1', to: '192.0.2.2' });
    expect(delays()).toEqual([9, 5]);
    network.setConditions({ delayMs: 20 });
    expect(delays()).toEqual([20, 20]);
    const third = await open(network.host('192.0.2.3'));
    const atThird = arrivals(network, third);
    a.send(numbered(1, 1), at('192.0.2.3', third));
    const startMs = network.clock.nowMs;
    network.clock.advance(100);
    expect((atThird[0]?.ms ?? 0) - startMs).toBe(20);
  });

  test('gives a datagram to the socket that fits best: by its remote, then by its address', async () => {
    const network = new MemoryNetwork();
    const [host, far] = [network.host(['192.0.2.1', '192.0.2.2']), network.host('192.0.2.3')];
    const sender = await open(far, { local: { address: '192.0.2.3', port: 5 } });
    const at = { address: '192.0.2.1', port: 7000 };
    const shared = { reusePort: true };
    const any = await open(host, { local: { ...at, address: '0.0.0.0' }, ...shared });
    const counts = (...sockets: UdpSocket[]): number[] => sockets.map((s) => s.statistics.receivedDatagrams);
    const send = (address: string): void => {
      sender.send(numbered(1, 1), { ...at, address });
      network.clock.advance(1);
    };
    send('192.0.2.1');
    const exact = await open(host, { local: at, ...shared });
    send('192.0.2.1');
    send('192.0.2.2');
    expect(counts(any, exact)).toEqual([2, 1]);
    const connected = await open(host, { local: { ...at, address: '0.0.0.0' }, remote: sender.local, ...shared });
    send('192.0.2.1');
    expect(counts(any, exact, connected)).toEqual([2, 1, 1]);
  });

  test('delivers the last datagram if there are more than one batch holds', async () => {
    const { network, server, client } = await line({});
    for (let i = 0; i < 2 * server.maxBatch + 1; i++) client.send(numbered(i, 10));
    network.clock.runUntilIdle();
    expect(server.statistics).toMatchObject({ receivedDatagrams: 65, receiveBatches: 3, largestReceiveBatch: 32 });
  });

  test('drops and counts datagrams beyond the receive buffer until that is read', async () => {
    const network = new MemoryNetwork();
    const host = network.host('192.0.2.1');
    const server = await open(host, { local: { address: '192.0.2.1', port: 7000 }, receiveBufferBytes: 100 });
    for (const size of [60, 40, 1, 0]) server.send(numbered(1, size), server.local);
    network.clock.advance(1);
    expect(server.statistics).toMatchObject({ receivedDatagrams: 3, receivedBytes: 100, kernelDrops: 1 });
    for (const size of [50, 51, 50]) server.send(numbered(1, size), server.local);
    network.clock.advance(1);
    expect(server.statistics).toMatchObject({ receivedDatagrams: 5, receivedBytes: 200, kernelDrops: 2 });
  });

  test('answers for missing hosts', async () => {
    const network = new MemoryNetwork({ delayMs: 10 });
    const client = await open(network.host('192.0.2.2'));
    const errors: unknown[] = [];
    client.onError = ({ code }, destination) => errors.push([code, destination]);
    client.send(numbered(1, 1), { address: '192.0.2.99', port: 5 });
    client.send(numbered(1, 1), { address: '2001:db8::9', port: 5 });
    network.clock.advance(20);
    await Promise.resolve();
    expect(errors).toContainEqual(['host-unreachable', { address: '192.0.2.99', port: 5 }]);
    expect(client.statistics.sendFailures).toBe(1); // IPv6 from an IPv4 socket
  });

  test('lets promises settle between events, at any depth, before time goes on', async () => {
    const { clock } = new MemoryNetwork();
    const seen: [what: string, ms: number][] = [];
    const deep = async (depth: number): Promise<void> => {
      if (depth > 0) await deep(depth - 1);
    };
    clock.schedule(5, () => {
      void deep(50).then(() => {
        seen.push(['settled', clock.nowMs]);
        clock.schedule(2, () => seen.push(['scheduled by it', clock.nowMs]));
      });
    });
    clock.schedule(6, () => seen.push(['later', clock.nowMs]));
    await clock.pass(7);
    expect(seen).toEqual([
      ['settled', 5],
      ['later', 6],
      ['scheduled by it', 7],
    ]);
    expect(clock.nowMs).toBe(7);
  });

  test('overwrites the batch of a callback after it has returned', async () => {
    const { network, server, client } = await line({});
    const kept: Uint8Array[] = [];
    let batch: ReceiveBatch | undefined;
    server.onReceive = (given) => {
      batch = given;
      for (let i = 0; i < given.count; i++) {
        const [offset, length] = [given.offsets[i] ?? 0, given.lengths[i] ?? 0];
        kept.push(given.bytes.subarray(offset - HEADROOM_BYTES, offset + length + TAILROOM_BYTES));
      }
      expect(kept.map((bytes) => bytes.length)).toEqual([4, 300].map((n) => HEADROOM_BYTES + n + TAILROOM_BYTES));
      for (const bytes of kept) bytes.fill(1);
    };
    client.send(Uint8Array.of(1, 2, 3, 4));
    client.send(new Uint8Array(300));
    network.clock.runUntilIdle();
    for (const bytes of kept) expect(new Set(bytes)).toEqual(new Set([0xdb]));
    const { sources, offsets, lengths, count } = batch as unknown as ReceiveBatch;
    expect(new Set(sources)).toEqual(new Set([0xdb]));
    expect([count, new Set(offsets), new Set(lengths)]).toEqual([0, new Set([0]), new Set([0])]);
  });

  test.each([
    ['EAGAIN', { queuedDatagrams: 2, queueDrops: 1, sendFailures: 0, sentDatagrams: 2, errors: {} }],
    ['ENOBUFS', { queuedDatagrams: 0, queueDrops: 0, sendFailures: 3, sentDatagrams: 0, errors: { 'no-buffers': 3 } }],
  ])('can have hosts whose kernel answers %s', async (sendError, statistics) => {
    const network = new MemoryNetwork();
    const host = network.host('192.0.2.2');
    const socket = await open(host, { sendQueueBytes: 20 });
    host.sendError = sendError;
    const accepted = [1, 2, 3].map((i) => socket.send(numbered(i, 10), { address: '192.0.2.2', port: 9 }));
    expect(accepted).toEqual(sendError === 'EAGAIN' ? [true, true, false] : [true, true, true]);
    expect(socket.queuedBytes).toBe(sendError === 'EAGAIN' ? 20 : 0);
    host.resumeSending();
    expect(socket.queuedBytes).toBe(0);
    expect(socket.statistics).toMatchObject(statistics);
  });

  test('can have hosts whose kernel refuses datagrams after the socket took them, by destination', async () => {
    const network = new MemoryNetwork();
    const host = network.host('192.0.2.2');
    const socket = await open(host, { local: { address: '192.0.2.2', port: 7000 } });
    const list = losses(socket);
    const arrived = arrivals(network, socket);
    host.refusalOf = ({ port }) => (port === 9 ? 'EPERM' : undefined);
    const destinations = [socket.local, { ...socket.local, port: 9 }, socket.local];
    const batch = batchOf([numbered(1, 1), numbered(2, 2), numbered(3, 3)], destinations);
    expect(socket.sendBatch({ ...batch, tags: Uint32Array.of(5, 6, 7) })).toBe(3);
    await network.clock.pass(1);
    expect(arrived).toHaveLength(2);
    expect(list).toEqual([{ tag: 6, datagrams: 1, code: 'permission-denied', port: 9 }]);
    host.refusalOf = () => undefined;
    expect(socket.send(numbered(2, 2), { ...socket.local, port: 9 })).toBe(true);
    expect(socket.statistics).toMatchObject({ sentDatagrams: 3, sendFailures: 1 });
  });

  test('reports datagrams that still wait after the close time of their socket, by their tags', async () => {
    const network = new MemoryNetwork();
    const host = network.host('192.0.2.2');
    const socket = await open(host, { closeTimeoutMs: 500, remote: { address: '192.0.2.2', port: 9 } });
    const list = losses(socket);
    host.sendError = 'EAGAIN';
    socket.sendBatch({ ...batchOf([numbered(1, 1), numbered(2, 2), numbered(3, 3)]), tags: Uint32Array.of(4, 5, 4) });
    socket.send(numbered(4, 4));
    const closing = socket.close();
    await network.clock.pass(499);
    expect([list, socket.state, socket.queuedBytes]).toEqual([[], 'closing', 10]);
    await network.clock.pass(1);
    await closing;
    expect(list).toEqual(
      [
        { tag: 4, datagrams: 2 },
        { tag: 5, datagrams: 1 },
        { tag: 0, datagrams: 1 },
      ].map((loss) => ({ ...loss, code: 'closed', port: 9 })),
    );
    expect(socket.statistics).toMatchObject({ queueDrops: 4, sendFailures: 0, errors: { closed: 4 } });
  });

  test('can have hosts without free descriptors', async () => {
    const host = new MemoryNetwork().host('192.0.2.2', { maxSockets: 1 });
    const first = await open(host);
    await expect(open(host)).rejects.toMatchObject({ code: 'too-many-open-files' });
    await first.close();
    await open(host);
  });
});

describe('the NAT of a network in memory', () => {
  async function behindNat(options: {
    isSymmetric?: boolean;
    filtering?: 'none' | 'address' | 'endpoint';
    timeoutMs?: number;
  }) {
    const network = new MemoryNetwork({ icmp: false });
    const nat = network.nat({ outside: '203.0.113.1', ...options });
    const host = network.host('10.0.0.2', { nat });
    const client = await open(host);
    const outside = network.host('192.0.2.1');
    const [a, b] = [await open(outside), await open(outside)] as const;
    const [atA, atB, atClient] = [a, b, client].map((socket) => arrivals(network, socket)) as [
      Arrival[],
      Arrival[],
      Arrival[],
    ];
    const at = (socket: UdpSocket): Endpoint => ({ address: '192.0.2.1', port: socket.local.port });
    const send = (from: UdpSocket, to: Endpoint): void => {
      from.send(numbered(1, 1), to);
      network.clock.advance(1);
    };
    return { network, nat, host, client, a, b, atA, atB, atClient, at, send };
  }

  test('shows its own address, and passes answers', async () => {
    const { client, a, atA, atClient, at, send } = await behindNat({});
    send(client, at(a));
    expect(atA).toMatchObject([{ source: { address: '203.0.113.1' } }]);
    send(a, atA[0]?.source ?? at(a));
    expect(atClient).toMatchObject([{ source: at(a) }]);
  });

  test.each([
    ['none', true],
    ['address', true],
    ['endpoint', false],
  ] as const)('with filtering by %s lets in another port of a known host: %s', async (filtering, getsIn) => {
    const { client, a, b, atA, atClient, at, send } = await behindNat({ filtering });
    send(client, at(a));
    send(b, atA[0]?.source ?? at(b));
    expect(atClient).toHaveLength(getsIn ? 1 : 0);
  });

  test.each([
    [false, true],
    [true, false],
  ])('that is symmetric: %s shows every destination the same port: %s', async (isSymmetric, isSame) => {
    const { client, a, b, atA, atB, at, send } = await behindNat({ isSymmetric });
    send(client, at(a));
    send(client, at(b));
    expect(atA[0]?.source.port === atB[0]?.source.port).toBe(isSame);
  });

  test('removes an unused mapping after its time, and all mappings when it restarts', async () => {
    const { network, nat, client, a, atA, atClient, at, send } = await behindNat({ timeoutMs: 1000 });
    send(client, at(a));
    const [{ source: first } = { source: at(a) }] = atA;
    network.clock.advance(2000);
    send(a, first);
    expect(atClient).toHaveLength(0);
    expect(nat.size).toBe(0);
    send(client, at(a));
    nat.rebind();
    send(client, at(a));
    expect(new Set(atA.map(({ source }) => source.port)).size).toBe(3);
  });

  test('passes nothing to a host that has moved behind another NAT', async () => {
    const { network, host, client, a, atA, atClient, at, send } = await behindNat({});
    send(client, at(a));
    const before = atA[0]?.source ?? at(a);
    host.nat = network.nat({ outside: '203.0.113.2' });
    send(a, before);
    expect(atClient).toHaveLength(0);
    send(client, at(a));
    expect(atA[1]).toMatchObject({ source: { address: '203.0.113.2' } });
    send(a, atA[1]?.source ?? at(a));
    expect(atClient).toHaveLength(1);
  });
});
