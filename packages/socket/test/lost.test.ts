// Datagrams that a socket took and then could not send. Each one is reported once, with its tag.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Endpoint } from '@relay/packet';
import type { SendBatch, UdpSocket } from '../src/index.js';
import { BROADCAST_ADDRESS, engines } from './engines.js';
import { batchOf, LOCALHOST, losses, lostTags, numbered, payloads, received } from './exchange.js';

const TOO_LARGE = 65_508;
const NOWHERE: Endpoint = { address: BROADCAST_ADDRESS, port: 9 };

/** Makes datagrams of these sizes with the tags 1, 2, 3 … */
function tagged(sizes: readonly number[], destinations?: readonly Endpoint[]): SendBatch {
  const datagrams = sizes.map((size, i) => numbered(i, size));
  return { ...batchOf(datagrams, destinations), tags: Uint32Array.from(sizes, (_, i) => i + 1) };
}

describe.each(engines)('a datagram that the engine $engine took and could not send', ({ engine, create }) => {
  async function opened(options: Parameters<typeof create>[0] = {}): Promise<UdpSocket> {
    const socket = create({ local: { address: '0.0.0.0', port: 0 }, ...options });
    await socket.open();
    return socket;
  }

  test('is reported by its tag, even if its neighbours were sent', async () => {
    const server = await opened({ local: LOCALHOST });
    const client = await opened({ remote: server.local });
    const list = losses(client);
    const arriving = received(server, 3);
    expect(client.sendBatch(tagged([10, TOO_LARGE, 20, TOO_LARGE, 30]))).toBe(5);
    expect(list).toEqual([]); // not during the send
    expect(payloads(await arriving)).toEqual(payloads([numbered(0, 10), numbered(2, 20), numbered(4, 30)]));
    await client.close();
    const { port } = server.local;
    expect(list).toEqual([
      { tag: 2, datagrams: 1, code: 'message-too-large', port },
      { tag: 4, datagrams: 1, code: 'message-too-large', port },
    ]);
    expect(client.statistics).toMatchObject({ sentDatagrams: 3, sendFailures: 2, errors: { 'message-too-large': 2 } });
    await server.close();
  });

  test('is reported with tag 0 if the batch has no tags', async () => {
    const socket = await opened();
    const list = losses(socket);
    expect(socket.send(numbered(1, 7), NOWHERE)).toBe(true);
    expect(socket.sendBatch(batchOf([numbered(1, 7), numbered(2, 7)], [NOWHERE, NOWHERE]))).toBe(2);
    await socket.close();
    expect(lostTags(list)).toEqual([0, 0, 0]);
    expect(new Set(list.map(({ code, port }) => `${code} ${port}`))).toEqual(new Set(['permission-denied 9']));
  });

  test('is reported once for each tag if the kernel refuses a run as one', async () => {
    const socket = await opened();
    const list = losses(socket);
    const batch = batchOf(
      Array.from({ length: 6 }, (_, i) => numbered(i, 100)),
      Array<Endpoint>(6).fill(NOWHERE),
    );
    expect(socket.sendBatch({ ...batch, tags: Uint32Array.of(7, 8, 7, 0xffff_ffff, 8, 7) })).toBe(6);
    await socket.close();
    expect(lostTags(list)).toEqual([7, 7, 7, 8, 8, 0xffff_ffff]);
    if (engine === 'native')
      expect(list.map(({ tag, datagrams }) => [tag, datagrams])).toEqual([
        [7, 3],
        [8, 2],
        [0xffff_ffff, 1],
      ]);
    expect(socket.statistics).toMatchObject({ sendFailures: 6, errors: { 'permission-denied': 6 } });
  });

  test('is reported however many a batch has, each with its reason', async () => {
    const socket = await opened();
    const list = losses(socket);
    const sizes = Array.from({ length: 120 }, (_, i) => (i % 3 === 1 ? TOO_LARGE : 10 + i));
    const destinations = sizes.map((_, i) => (i % 3 === 2 ? { ...NOWHERE, port: 1000 + i } : socket.local));
    const arriving = received(socket, 40);
    expect(socket.sendBatch(tagged(sizes, destinations.map(reachable)))).toBe(120);
    await arriving;
    await socket.close();
    const lost = sizes.map((_, i) => i + 1).filter((tag) => tag % 3 !== 1);
    expect(lostTags(list)).toEqual(lost);
    for (const { tag, code, port } of list) {
      expect(code).toBe(tag % 3 === 2 ? 'message-too-large' : 'permission-denied');
      if (code === 'permission-denied') expect(port).toBe(1000 + tag - 1);
    }
    expect(socket.statistics).toMatchObject({ sentDatagrams: 40, sendFailures: 80, queueDrops: 0 });
  });

  function reachable({ address, port }: Endpoint): Endpoint {
    return { address: address === '0.0.0.0' ? '127.0.0.1' : address, port };
  }

  test('while the socket opened is reported by its tag once the socket is open', async () => {
    const server = await opened({ local: LOCALHOST });
    const client = create({ remote: server.local });
    const list = losses(client);
    const opening = client.open();
    expect(client.sendBatch(tagged([10, TOO_LARGE, 20]))).toBe(3);
    const arriving = received(server, 2);
    await opening;
    expect(payloads(await arriving)).toEqual(payloads([numbered(0, 10), numbered(2, 20)]));
    await client.close();
    expect(list).toEqual([{ tag: 2, datagrams: 1, code: 'message-too-large', port: server.local.port }]);
    await server.close();
  });

  test('because the socket failed to open is reported before `open` rejects, with the reason', async () => {
    const first = await opened({ local: LOCALHOST });
    const second = create({ local: first.local, remote: first.local });
    const list = losses(second);
    const opening = second.open();
    const accepted = second.sendBatch(tagged([10, 20, 30]));
    const operations: string[] = [];
    const tell = second.onError;
    second.onError = (error, destination, tag) => {
      operations.push(error.operation);
      tell(error, destination, tag);
    };
    await expect(opening).rejects.toMatchObject({ code: 'address-in-use', operation: 'open' });
    // Only node:dgram opens asynchronously, so datagrams wait only there.
    expect(accepted).toBe(engine === 'dgram' ? 3 : 0);
    const tags = [1, 2, 3].slice(0, accepted);
    expect(list).toEqual(tags.map((tag) => ({ tag, datagrams: 1, code: 'address-in-use', port: first.local.port })));
    expect(operations).toEqual(tags.map(() => 'open'));
    expect(second.statistics).toMatchObject({ queueDrops: 3, sendFailures: 0 });
    expect(second.queuedBytes).toBe(0);
    await first.close();
  });

  test('leaves the counts exact, whatever is sent and whenever', async () => {
    const server = await opened({ local: LOCALHOST, receiveBufferBytes: 4 << 20 });
    const seen: number[] = [];
    server.onReceive = ({ count, bytes, offsets }) => {
      for (let i = 0; i < count; i++) seen.push(bytes[offsets[i] ?? 0] ?? -1);
    };
    const datagram = fc.record({ size: fc.constantFrom(1, 1, 1, 300, TOO_LARGE), isLost: fc.boolean() });
    const batches = fc.array(fc.array(datagram, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(batches, fc.nat(3), async (plan, early) => {
        const socket = create({ sendQueueBytes: 100_000, local: { address: '0.0.0.0', port: 0 } });
        const list = losses(socket);
        const offered: number[] = [];
        const accepted: number[] = [];
        const sendSome = (datagrams: (typeof plan)[number]): void => {
          const tags = datagrams.map((_, i) => (offered.length + i) % 256);
          offered.push(...tags);
          const batch = batchOf(
            datagrams.map(({ size }, i) => new Uint8Array(size).fill(tags[i] ?? 0)),
            datagrams.map(({ isLost }) => (isLost ? NOWHERE : server.local)),
          );
          const count = socket.sendBatch({ ...batch, tags: Uint32Array.from(tags) });
          accepted.push(...tags.slice(0, count));
        };
        const opening = early === 0 ? undefined : socket.open();
        for (const [i, datagrams] of plan.entries()) {
          if (i === early) await (opening ?? socket.open());
          sendSome(datagrams);
        }
        await (opening ?? socket.open());
        const told = Promise.resolve(socket.close()).then(() => lostTags(list));
        const sent = accepted.length - (await told).length;
        while (seen.length < sent) await new Promise((resolve) => setImmediate(resolve));
        expect([...seen, ...lostTags(list)].sort((a, b) => a - b)).toEqual([...accepted].sort((a, b) => a - b));
        seen.length = 0;
        const { sentDatagrams, sendFailures, queueDrops } = socket.statistics;
        expect(sentDatagrams).toBe(sent);
        expect(sentDatagrams + sendFailures + queueDrops).toBe(offered.length);
      }),
      { numRuns: 25 },
    );
    await server.close();
  });

  test('has a tag in a batch with one tag for each datagram, or with none at all', async () => {
    const socket = await opened();
    const batch = batchOf([numbered(1, 10), numbered(2, 10)], [NOWHERE, NOWHERE]);
    expect(() => socket.sendBatch({ ...batch, tags: Uint32Array.of(1) })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
    expect(socket.statistics.sendFailures).toBe(0);
    await socket.close();
  });
});
