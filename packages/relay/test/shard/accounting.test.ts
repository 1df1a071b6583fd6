import { describe, expect, test } from '@jest/globals';
import { DROP, FLOW_CLOSE } from '@relay/packet';
import { SocketError } from '@relay/socket';
import { Pair, SERVER, TARGET } from './pair.js';
import type { TrafficFigures } from '../../src/index.js';
import { Accounts } from '../../src/traffic.js';

const CLIENT_ADDRESS = '198.51.100.7';

/** In, out, and what was dropped, for each direction of each side. */
function books(pair: Pair) {
  const { toTarget, fromTarget } = pair.client.accounts.forward;
  const { forward } = pair.server.figures();
  const inOutDrops = ({ inDatagrams, outDatagrams, drops }: TrafficFigures) => [inDatagrams, outDatagrams, drops];
  return {
    client: [toTarget.toJSON(), fromTarget.toJSON()].map(inOutDrops),
    server: [forward.toTarget, forward.fromTarget].map(inOutDrops),
  };
}

/** Five datagrams from an application, after one that opened the flow. */
async function exchange(pair: Pair, refuse: () => void): Promise<void> {
  await pair.send('opens');
  await pair.pass(100);
  refuse();
  for (let i = 0; i < 5; i++) await pair.send(`${i}`);
  await pair.pass(100);
}

describe('a datagram that the kernel refuses after it was counted as sent', () => {
  test('is taken back at the client, on its way to the server', async () => {
    const pair = await Pair.open();
    await exchange(pair, () => {
      pair.clientHost.refusalOf = ({ address }) => (address === SERVER.address ? 'ENETUNREACH' : undefined);
    });
    expect(books(pair).client).toEqual([
      [6, 1, { 'send-failed': 5 }],
      [1, 1, {}],
    ]);
  });

  test('is taken back at the client, on its way to the application', async () => {
    const pair = await Pair.open();
    await exchange(pair, () => {
      pair.clientHost.refusalOf = ({ port }) => (port === 1000 ? 'EPERM' : undefined);
    });
    expect(books(pair).client).toEqual([
      [6, 6, {}],
      [6, 1, { 'send-failed': 5 }],
    ]);
    expect(pair.replies).toEqual(['1000 opens']);
  });

  test('is taken back at the server, on its way to the target', async () => {
    const pair = await Pair.open();
    await exchange(pair, () => {
      pair.serverHost.refusalOf = ({ address }) => (address === TARGET.address ? 'EPERM' : undefined);
    });
    expect(books(pair).server).toEqual([
      [6, 1, { 'send-failed': 5 }],
      [1, 1, {}],
    ]);
    expect(pair.serverEvents).toContainEqual(
      expect.objectContaining({ kind: 'target-failed', client: 'ada', reason: 'permission-denied' }),
    );
  });

  test('is taken back at the server, on its way to the client, and packets of the session itself are not', async () => {
    const pair = await Pair.open();
    await exchange(pair, () => {
      pair.serverHost.refusalOf = ({ address }) => (address === CLIENT_ADDRESS ? 'ENETUNREACH' : undefined);
    });
    await pair.pass(2000); // pings of the server fail as well
    expect(books(pair).server).toEqual([
      [6, 6, {}],
      [6, 1, { 'send-failed': 5 }],
    ]);
  });
});

test('a datagram that could not be sent is taken back in its own mode and direction alone', () => {
  const accounts = new Accounts();
  const directions = [accounts.forward, accounts.publish, accounts.route].flatMap(({ toTarget, fromTarget }) => [
    toTarget,
    fromTarget,
  ]);
  for (const [i, { tag }] of directions.entries()) accounts.unsent(tag, i + 1, DROP.sendFailed);
  expect(directions.map(({ drops }) => drops.of('send-failed'))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(directions.map(({ outDatagrams }) => outDatagrams)).toEqual([-1, -2, -3, -4, -5, -6]);
});

test('datagrams that come before the socket of their flow is open leave in order, and 128 at most', async () => {
  let opened: (() => void) | undefined;
  const pair = await Pair.open({}, {}, (socket) => {
    const open = socket.open.bind(socket);
    socket.open = async () => {
      await new Promise<void>((resolve) => {
        opened = resolve;
      });
      await open();
    };
  });
  for (let i = 0; i < 132; i++) await pair.send(`${i}`);
  await pair.pass(100);
  expect(pair.arrivals).toEqual([]);
  opened?.();
  await pair.pass(100);
  expect(pair.arrivals.map(({ text }) => text)).toEqual(Array.from({ length: 128 }, (_, i) => `${i}`));
  expect(books(pair).server[0]).toEqual([132, 128, { 'queue-full': 4 }]);
});

test('datagrams that wait for the socket of their flow are dropped and counted where the client ends the flow', async () => {
  let opened: (() => void) | undefined;
  const pair = await Pair.open({}, {}, (socket) => {
    const open = socket.open.bind(socket);
    socket.open = () => new Promise<void>((resolve) => (opened = resolve)).then(open);
  });
  await pair.send('x');
  await pair.pass(100);
  pair.listener.end(FLOW_CLOSE.closed, pair.nowMs);
  pair.settle();
  await pair.pass(100);
  expect(books(pair).server[0]).toEqual([1, 0, { 'unknown-flow': 1 }]);
  opened?.();
  await pair.pass(100);
  expect(pair.arrivals).toEqual([]);
  expect(pair.openTargetSockets).toBe(0);
});

test.each([
  ['overloaded', 'too-many-open-files', 'there are no descriptors', 1],
  ['overloaded', 'no-buffers', 'there is no memory', 0],
  ['unreachable', 'network-unreachable', 'there is no way to the target', 0],
  ['unreachable', 'ipv6-unavailable', 'there is no IPv6', 0],
  ['unreachable', 'permission-denied', 'a firewall forbids the target', 0],
] as const)('a flow ends as %s where its socket cannot be opened (%s: %s)', async (reason, code, _why, shortages) => {
  const pair = await Pair.open({}, {}, (socket) => {
    socket.open = () => Promise.reject(new SocketError(code, 'open'));
  });
  for (let i = 0; i < 3; i++) await pair.send(`${i}`);
  await pair.pass(100);
  const { forward, flows } = pair.server.figures();
  expect(flows).toBe(0);
  const { inDatagrams, outDatagrams, drops } = forward.toTarget;
  expect([outDatagrams, Object.values(drops).reduce((sum, count) => sum + count, 0)]).toEqual([0, inDatagrams]);
  expect(drops).toHaveProperty(reason);
  expect(Math.min(1, pair.shortages)).toBe(shortages);
  expect(pair.clientEvents).toContainEqual(expect.objectContaining({ kind: 'refused', reason }));
});

test('flows that were let in together open no more sockets once one of them finds no descriptor', async () => {
  let tries = 0;
  const descriptors = { isShort: false, ranOut: () => void (descriptors.isShort = true) };
  const pair = await Pair.open({ descriptors }, {}, (socket) => {
    tries++;
    if (tries === 1)
      socket.open = () => {
        throw new SocketError('too-many-open-files', 'open');
      };
  });
  for (let port = 1001; port <= 1005; port++) await pair.send('first', port);
  await pair.pass(100);
  expect(tries).toBe(1);
  expect(pair.server.figures()).toMatchObject({ flows: 0, forward: { toTarget: { drops: { overloaded: 5 } } } });
});

test('a burst that opens a flow reaches its target whole, and in order', async () => {
  const pair = await Pair.open();
  const texts = Array.from({ length: 64 }, (_, i) => `${i}`);
  for (const text of texts) await pair.send(text);
  await pair.pass(100);
  expect(pair.arrivals.map(({ text }) => text)).toEqual(texts);
  expect(pair.server.figures().forward.toTarget.drops).toEqual({});
});
