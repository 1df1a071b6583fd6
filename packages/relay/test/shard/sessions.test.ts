import { describe, expect, test } from '@jest/globals';
import { SocketError } from '@relay/socket';
import { Pair } from './pair.js';

const ports = (pair: Pair): number[] => pair.arrivals.map(({ from }) => from.port);

describe('a session that is followed by another of the same client', () => {
  test('leaves its flows to it: the target hears the source from the same port', async () => {
    const pair = await Pair.open();
    await pair.send('before');
    await pair.pass(100);
    pair.reconnectClient();
    await pair.pass(1000);
    expect(pair.server.figures()).toMatchObject({ sessions: 1, flows: 1 });
    await pair.send('after');
    await pair.pass(100);
    expect(pair.replies).toEqual(['1000 before', '1000 after']);
    expect(new Set(ports(pair)).size).toBe(1);
    expect(pair.server.figures().flows).toBe(1);
  });

  test('passes it nothing of a flow that it has not claimed', async () => {
    const pair = await Pair.open();
    await pair.send('before');
    await pair.pass(100);
    const [arrival] = pair.arrivals;
    pair.reconnectClient();
    await pair.pass(1000);
    pair.target.send(Buffer.from('late'), arrival?.from);
    await pair.pass(100);
    expect(pair.replies).toEqual(['1000 before']);
    expect(pair.server.figures().forward.fromTarget.drops).toEqual({ 'no-session': 1 });
    await pair.send('after');
    await pair.pass(100);
    pair.target.send(Buffer.from('in time'), arrival?.from);
    await pair.pass(100);
    expect(pair.replies).toEqual(['1000 before', '1000 after', '1000 in time']);
  });

  test('leaves flows that nobody claims for ten seconds, and their sockets, no longer', async () => {
    const pair = await Pair.open();
    for (const source of [1000, 1001]) await pair.send('x', source);
    await pair.pass(100);
    pair.reconnectClient();
    await pair.pass(9000);
    await pair.send('y', 1001);
    await pair.pass(500);
    expect(pair.server.figures().flows).toBe(2);
    await pair.pass(2000);
    expect(pair.server.figures().flows).toBe(1);
    expect(pair.server.flows(pair.nowMs, 10)).toMatchObject([{ client: 'ada', source: '127.0.0.1:1001' }]);
    expect(pair.openTargetSockets).toBe(1);
  });

  test.each(['kicked', 'revoked'] as const)('leaves no flow behind where the client is %s', async (reason) => {
    const pair = await Pair.open();
    await pair.send('x');
    await pair.pass(100);
    const [session] = pair.server.sessions(pair.nowMs);
    expect(session).toMatchObject({ client: 'ada', flows: 1 });
    pair.server.closeSession(session?.id ?? -1, reason, pair.nowMs);
    pair.settle();
    expect(pair.server.figures().flows).toBe(0);
    expect(pair.server.flows(pair.nowMs, 10)).toEqual([]);
    expect(pair.ends).toEqual([reason]);
  });

  test('gives its flows new sockets where the server was killed, and they go on', async () => {
    const pair = await Pair.open();
    await pair.send('before');
    await pair.pass(100);
    await pair.restartServer();
    await pair.send('tells the client');
    await pair.pass(2000);
    await pair.send('after');
    await pair.pass(100);
    expect(pair.replies).toEqual(['1000 before', '1000 after']);
  });
});

describe('two shards', () => {
  test('open a flow again that the server ended, though the client heard nothing of its end', async () => {
    const pair = await Pair.open({ idleMs: 1000 });
    await pair.send('before');
    await pair.pass(100);
    pair.cutToClient(true);
    await pair.pass(1500);
    pair.cutToClient(false);
    expect(pair.server.figures().flows).toBe(0);
    for (const text of ['after', 'later']) {
      await pair.send(text);
      await pair.pass(100);
    }
    expect(pair.replies).toEqual(['1000 before', '1000 after', '1000 later']);
    expect(pair.server.figures().forward.toTarget.drops).toEqual({});
  });

  test('carry datagrams of every size there and back over a wire that repeats and reorders', async () => {
    const pair = await Pair.open({}, { jitterMs: 20, duplicateRate: 0.2, reorderRate: 0.2 });
    const texts = [0, 1, 1200, 1419, 1420, 1421, 9000, 65_507].flatMap((size) =>
      [1, 2, 3].map((source) => ({ source, text: `${source}`.repeat(size) })),
    );
    for (const { source, text } of texts) {
      await pair.send(text, source);
      await pair.pass(200);
    }
    const expected = texts.map(({ source, text }) => `${source} ${text}`);
    expect(pair.replies.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
    expect(pair.replies.filter((reply, i) => reply !== expected[i])).toHaveLength(0);
    const { forward } = pair.server.figures();
    expect(forward.toTarget).toMatchObject({ inDatagrams: texts.length, outDatagrams: texts.length, drops: {} });
    expect(pair.client.accounts.forward.fromTarget.outDatagrams).toBe(texts.length);
  });

  test('say that the path is lost, and that it is back, though nothing arrives in between', async () => {
    const pair = await Pair.open();
    const pathEvents = (): string[] =>
      pair.clientEvents.map(({ kind }) => kind).filter((kind) => kind.startsWith('path-'));
    pair.cutToClient(true);
    await pair.send('x');
    await pair.pass(4000);
    expect(pathEvents()).toEqual(['path-lost']);
    pair.cutToClient(false);
    await pair.pass(4000);
    expect(pathEvents()).toEqual(['path-lost', 'path-restored']);
  });

  test('tell each other why a flow is refused', async () => {
    const pair = await Pair.open();
    pair.mayReach = false;
    await pair.send('x');
    await pair.pass(100);
    expect(pair.clientEvents.flatMap((event) => (event.kind === 'refused' ? [event.reason] : []))).toEqual([
      'denied-by-policy',
    ]);
    expect(pair.server.figures().forward.toTarget.drops).toEqual({ loop: 1 });
  });

  test('say that a target is not there, and keep the port of its flow for its return', async () => {
    const pair = await Pair.open();
    await pair.send('first');
    await pair.pass(100);
    await pair.target.close();
    await pair.send('lost');
    await pair.pass(100);
    expect(pair.server.figures()).toMatchObject({ flows: 1, targetErrors: { 'connection-refused': 1 } });
    expect(pair.serverEvents).toContainEqual(
      expect.objectContaining({ kind: 'target-failed', client: 'ada', reason: 'connection-refused' }),
    );
    expect(pair.clientEvents).toContainEqual(expect.objectContaining({ kind: 'refused', reason: 'unreachable' }));
    await pair.openTarget();
    await pair.send('second');
    await pair.pass(100);
    expect(pair.arrivals.map(({ text }) => text)).toEqual(['first', 'second']);
    expect(new Set(pair.arrivals.map(({ from }) => from.port)).size).toBe(1);
    expect(pair.replies).toEqual(['1000 first', '1000 second']);
  });

  test('speak of a target that is not there once a second for each flow', async () => {
    const pair = await Pair.open();
    await pair.target.close();
    for (let i = 0; i < 30; i++) {
      await pair.send('lost');
      await pair.pass(100);
    }
    expect(pair.server.figures().targetErrors).toEqual({ 'connection-refused': 30 });
    const told = pair.clientEvents.filter(({ kind }) => kind === 'refused').length;
    expect(told).toBeGreaterThanOrEqual(3);
    expect(told).toBeLessThanOrEqual(4);
    expect(pair.server.figures().flows).toBe(1);
  });

  test('keep the port of a flow whose path says for a moment that the target cannot be reached', async () => {
    const pair = await Pair.open();
    await pair.send('a');
    await pair.pass(100);
    for (const code of ['host-unreachable', 'network-unreachable', 'message-too-large'] as const)
      pair.targetSocket?.onError(new SocketError(code, 'icmp'), undefined, 0);
    await pair.pass(100);
    await pair.send('b');
    await pair.pass(100);
    expect(new Set(pair.arrivals.map(({ from }) => from.port)).size).toBe(1);
    expect(pair.server.figures().targetErrors).toEqual({
      'host-unreachable': 1,
      'network-unreachable': 1,
      'message-too-large': 1,
    });
    expect(pair.clientEvents.filter(({ kind }) => kind === 'refused')).toEqual([]);
  });
});
