import { afterEach, describe, expect, test } from '@jest/globals';
import type { Endpoint } from '@relay/packet';
import { countKernelDrops, type ReceiveBatch, type UdpSocket } from '../src/index.js';
import { MemoryNetwork } from '../src/testing/index.js';
import { batchOf, LOCALHOST, numbered } from './exchange.js';
import { kernelEngines } from './engines.js';

const SENT = 200;
/** On dgram the list of the kernel is read every two seconds. */
const PATIENCE_MS = 4000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a socket has delivered, and what it has reported as dropped by the kernel. */
interface Tally {
  seen: number;
  reported: number;
}

function tallyOf(socket: UdpSocket): Tally {
  const tally: Tally = { seen: 0, reported: 0 };
  socket.onReceive = ({ count }: ReceiveBatch) => void (tally.seen += count);
  socket.onKernelDrops = (datagrams) => void (tally.reported += datagrams);
  return tally;
}

describe.each(kernelEngines)('drops of the kernel on $engine', ({ create, engine }) => {
  const sockets: UdpSocket[] = [];
  afterEach(() => Promise.all(sockets.splice(0).map((socket) => socket.close())));

  async function opened(socket: UdpSocket): Promise<UdpSocket> {
    sockets.push(socket);
    await socket.open();
    return socket;
  }

  /** All datagrams are sent at once: the receiver does not run before the last one. */
  async function flood(address: string, port: number): Promise<void> {
    const client = await opened(create({ remote: { address, port }, sendOffload: false }));
    client.sendBatch(batchOf(Array.from({ length: SENT }, (_, i) => numbered(i, 500))));
  }

  async function allAccountedFor(tally: Tally): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    while (tally.seen + tally.reported < SENT && performance.now() < endMs) {
      countKernelDrops();
      await turn();
    }
    expect(tally.reported).toBeGreaterThan(0);
    expect(tally.seen + tally.reported).toBe(SENT);
  }

  test('each datagram that was sent and did not arrive is reported, whatever address it was sent to', async () => {
    const ways = [
      { address: '127.0.0.1', asked: '127.0.0.1' },
      { address: '0.0.0.0', asked: '127.0.0.1' },
      { address: '::', asked: '127.0.0.1' },
      { address: '::1', asked: '::1' },
    ];
    const servers = ways.map(({ address }) => create({ local: { address, port: 0 }, receiveBufferBytes: 1 }));
    for (const server of servers) await opened(server);
    const tallies = servers.map(tallyOf);
    for (const [i, { asked }] of ways.entries()) await flood(asked, servers[i]?.local.port ?? 0);
    for (const tally of tallies) await allAccountedFor(tally);
    expect(servers.map(({ statistics }) => statistics.kernelDrops)).toEqual(tallies.map(({ reported }) => reported));
  });

  test('a connected socket reports them, and a neighbour that lost nothing reports nothing', async () => {
    const target = await opened(create({ local: LOCALHOST, sendOffload: false }));
    const flow = await opened(create({ remote: target.local, receiveBufferBytes: 1 }));
    const tallies = [tallyOf(flow), tallyOf(target)] as const;
    const datagrams = Array.from({ length: SENT }, (_, i) => numbered(i, 500));
    target.sendBatch(batchOf(datagrams, Array<Endpoint>(SENT).fill(flow.local)));
    await allAccountedFor(tallies[0]);
    expect(tallies[1].reported).toBe(0);
  });

  if (engine === 'native')
    test('a socket that closes reports what it has not reported yet', async () => {
      const server = await opened(create({ local: LOCALHOST, receiveBufferBytes: 1 }));
      const tally = tallyOf(server);
      const client = await opened(create({ remote: server.local, sendOffload: false }));
      client.sendBatch(batchOf(Array.from({ length: SENT }, (_, i) => numbered(i, 500))));
      await server.close();
      expect(tally.reported).toBeGreaterThan(0);
      expect(server.statistics.kernelDrops).toBe(tally.reported);
    });
});

test('the network in memory reports them at once', async () => {
  const network = new MemoryNetwork({ drive: 'auto' });
  const host = network.host('192.0.2.1');
  const server = host.createSocket({ local: { address: '192.0.2.1', port: 7 }, receiveBufferBytes: 700 });
  const client = host.createSocket({ remote: server.local });
  await Promise.all([server.open(), client.open()]);
  const tally = tallyOf(server);
  client.sendBatch(batchOf([numbered(1, 500), numbered(2, 500), numbered(3, 100)]));
  while (tally.seen < 2) await turn();
  expect(tally).toEqual({ seen: 2, reported: 1 });
  await Promise.all([server.close(), client.close()]);
});
