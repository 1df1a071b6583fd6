import { describe, expect, test } from '@jest/globals';
import { SocketError } from '@relay/socket';
import { RouteStage, SERVER, upstream } from './stage.js';

const LISTEN = `${SERVER.v4}:5300`;
const [A, B] = ['10.0.0.1:53', '10.0.0.2:53'];

describe('a route that chooses anew for each datagram', () => {
  const each = { requests: 1, replies: 0 };

  test('sends every one of them, and keeps no flow', async () => {
    const stage = new RouteStage();
    const echoes = await stage.echoes(A, B);
    await stage.open([[LISTEN]], [upstream(A), upstream(B)], each);
    for (let i = 0; i < 10; i++) await stage.send('203.0.113.1:4001', LISTEN, `${i}`);
    await stage.pass(100);
    expect(echoes.map(({ heard }) => heard.length)).toEqual([5, 5]);
    expect(stage.shard.figures()).toMatchObject({ flows: 0, route: { toTarget: { outDatagrams: 10, drops: {} } } });
    expect(stage.openSockets).toBe(0);
    expect(stage.unaccounted).toBe(0);
  });

  test('counts those whose socket could not be opened, and those that wait at the end', async () => {
    const failing = new RouteStage({
      openSocket: () => {
        throw new SocketError('network-unreachable', 'open');
      },
    });
    await failing.open([[LISTEN]], [upstream(A)], each);
    await failing.sendFromMany(3, LISTEN);
    expect(failing.shard.figures().route.toTarget.drops).toEqual({ unreachable: 3 });
    expect(failing.shard.figures().flows).toBe(0);

    const stage = new RouteStage({}, (socket) => {
      socket.open = () => new Promise(() => undefined);
    });
    await stage.open([[LISTEN]], [upstream(A)], each);
    await stage.sendFromMany(3, LISTEN);
    expect(stage.shard.figures()).toMatchObject({ flows: 3, route: { toTarget: { drops: {} } } });
    await stage.shard.close(stage.nowMs);
    expect(stage.shard.figures()).toMatchObject({ flows: 0, route: { toTarget: { drops: { 'unknown-flow': 3 } } } });
  });
});

test('a flow whose socket cannot be opened ends, is counted, and says that its upstream is down', async () => {
  const stage = new RouteStage({
    openSocket: () => {
      throw new SocketError('network-unreachable', 'open');
    },
  });
  await stage.open([[LISTEN]], [upstream(A)]);
  await stage.sendFromMany(2, LISTEN);
  expect(stage.shard.figures()).toMatchObject({ flows: 0, route: { toTarget: { drops: { unreachable: 2 } } } });
  expect(stage.said).toEqual([`down ${A} network-unreachable`, 'failed open 5300']);
});
