import { thisMachine } from '@relay/program';
import { describe, expect, test } from '@jest/globals';
import type { DatagramBatch } from '@relay/packet';
import { ClientShard } from '@relay/relay';
import { generateKeyPair, nodePrimitives } from '@relay/session';
import { MemoryNetwork } from '@relay/socket/testing';
import type { ForwardMapping } from '../../src/mapping/forward-format.js';
import { Mappings } from '../../src/mapping/mappings.js';

const LOOPBACK = '127.0.0.1';
const FIRST_SOURCE = 1000;

/** Makes a forward of these ports of this host to the same number of ports of a target. */
const forward = (first: number, last = first, target = '192.0.2.53', rest: Partial<ForwardMapping> = {}) => ({
  listen: { address: LOOPBACK, first, last },
  target: { host: target, first: 100, last: 100 + last - first },
  ...{ idle: 60_000, maxFlows: 10 },
  ...rest,
});

/**
 * Makes mappings on a host in memory, and a list of the datagrams that came in at their ports
 * (`port text`).
 */
function live() {
  const network = new MemoryNetwork();
  const host = network.host('198.51.100.7');
  const shard = new ClientShard({
    channel: { staticKey: generateKeyPair(), serverPublicKey: generateKeyPair().publicKey, primitives: nodePrimitives },
    socket: { sendBatch: ({ count }) => count },
    openSocket: (options) => host.createSocket(options),
    serviceSocket: {},
    clock: () => network.clock.nowMs,
    settleSoon: () => undefined,
    ranOut: () => undefined,
  });
  const arrived: string[] = [];
  const mappings = new Mappings({
    shard,
    openSocket: (options) => host.createSocket(options),
    machine: { clock: () => network.clock.nowMs, soon: thisMachine.soon },
    begin: ({ ports }) => {
      for (const { socket } of ports)
        socket.onReceive = ({ bytes, offsets, lengths }: DatagramBatch) => {
          const [offset = 0, length = 0] = [offsets[0], lengths[0]];
          arrived.push(`${socket.local.port} ${Buffer.from(bytes.subarray(offset, offset + length)).toString()}`);
        };
    },
  });
  let sources = FIRST_SOURCE;
  const send = async (text: string, port: number): Promise<void> => {
    const source = host.createSocket({ local: { address: LOOPBACK, port: sources++ } });
    await source.open();
    source.send(Buffer.from(text), { address: LOOPBACK, port });
    network.clock.advance(1);
    await source.close();
  };
  return { host, mappings, arrived, send };
}

describe('the mappings of a running client', () => {
  test('are opened if they are new, closed if they are gone, and kept as they are otherwise', async () => {
    const { mappings, arrived, send } = live();
    await mappings.apply([forward(5000), forward(5001)]);
    const [first, second] = mappings.forwards;
    const changes = await mappings.apply([forward(5002), forward(5001)]);
    expect(changes.opened).toEqual([mappings.forwards[0]]);
    expect(changes.closed).toEqual([first]);
    expect(changes.kept).toEqual([second]);
    expect(mappings.forwards[1]).toBe(second);
    for (const port of [5000, 5001, 5002]) await send('x', port);
    expect(arrived).toEqual(['5001 x', '5002 x']);
  });

  test('get new limits and are not opened again', async () => {
    const { mappings } = live();
    await mappings.apply([forward(5000)]);
    const [kept] = mappings.forwards;
    await mappings.apply([forward(5000, 5000, '192.0.2.53', { idle: 1000, maxFlows: 3 })]);
    expect(mappings.forwards).toEqual([kept]);
    expect(kept?.listener.mapping).toEqual({ idleMs: 1000, maxFlows: 3 });
  });

  test('take over the ports of others, whose sockets stay open', async () => {
    const { mappings, arrived, send } = live();
    await mappings.apply([forward(5000, 5003)]);
    const sockets = mappings.forwards[0]?.ports.map(({ socket }) => socket) ?? [];
    await mappings.apply([forward(5002, 5005, '192.0.2.99')]);
    const [now] = mappings.forwards;
    expect(now?.ports.slice(0, 2).map(({ socket }) => socket)).toEqual(sockets.slice(2));
    expect(sockets.map(({ state }) => state)).toEqual(['closed', 'closed', 'open', 'open']);
    for (const port of [5001, 5002, 5005]) await send('x', port);
    expect(arrived).toEqual(['5002 x', '5005 x']);
  });

  test('all stay as they are if one port cannot be opened', async () => {
    const { host, mappings, arrived, send } = live();
    await host.createSocket({ local: { address: LOOPBACK, port: 6000 } }).open();
    await mappings.apply([forward(5000)]);
    const before = mappings.forwards;
    const { opened, closed, kept, failed } = await mappings.apply([forward(5001), forward(6000)]);
    expect([opened, closed, kept]).toEqual([[], [], before]);
    expect(failed.map(({ message }) => message)).toEqual([expect.stringContaining('cannot listen on 127.0.0.1:6000')]);
    expect(mappings.forwards).toBe(before);
    for (const port of [5000, 5001]) await send('x', port);
    expect(arrived).toEqual(['5000 x']);
  });

  test('that are configured twice are two, on any free port', async () => {
    const { mappings } = live();
    await mappings.apply([forward(0), forward(0)]);
    const [one, two] = mappings.forwards;
    expect(one?.ports[0]?.socket.local.port).not.toBe(two?.ports[0]?.socket.local.port);
    const { kept, closed } = await mappings.apply([forward(0)]);
    expect([kept, closed]).toEqual([[one], [two]]);
  });

  test('take over a free port that is named by its number from now on', async () => {
    const { mappings } = live();
    await mappings.apply([forward(0)]);
    const socket = mappings.forwards[0]?.ports[0]?.socket;
    await mappings.apply([forward(socket?.local.port ?? 0, undefined, '192.0.2.54')]);
    expect(mappings.forwards[0]?.ports[0]?.socket).toBe(socket);
    expect(socket?.state).toBe('open');
  });

  test('change in the order in which the changes were requested', async () => {
    const { mappings } = live();
    const changes = [[forward(5000)], [forward(5001)], [forward(5000), forward(5002)]].map((wanted) =>
      mappings.apply(wanted),
    );
    await Promise.all(changes);
    expect(mappings.forwards.map(({ description }) => description)).toEqual([
      '127.0.0.1:5000 -> 192.0.2.53:100',
      '127.0.0.1:5002 -> 192.0.2.53:100',
    ]);
    await mappings.close();
    expect(mappings.forwards).toEqual([]);
  });
});
