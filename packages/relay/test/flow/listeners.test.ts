import { describe, expect, test } from '@jest/globals';
import { FLOW_CLOSE } from '@relay/packet';
import { Listener, ListenerPort } from '../../src/ends/listener.js';
import { batchOf, packed, TwoPeers } from './two-peers.js';

const LIMITS = { maxFlows: 100, idleMs: 60_000 };
const TARGET = packed('192.0.2.53', 53);
const sources = [1, 2, 3].map((port) => packed('127.0.0.1', port));

function peersWithTwoListeners() {
  const peers = new TwoPeers('client', 1, LIMITS);
  const closed = peers.entrance(TARGET, 10, 30_000);
  const kept = peers.entrance(TARGET, 10, 30_000);
  peers.connect();
  for (const source of sources)
    for (const entrance of [closed, kept]) peers.send(entrance, source, Buffer.from('hello'));
  peers.pass(10);
  return { peers, closed, kept };
}

describe('a listener that is closed', () => {
  test('takes its own flows with it, on both sides, and no other', () => {
    const { peers, closed, kept } = peersWithTwoListeners();
    const { opener, acceptor } = peers;
    expect([opener.flows.size, acceptor.flows.size, acceptor.targets.size]).toEqual([6, 6, 6]);
    closed.listener.end(FLOW_CLOSE.closed, peers.nowMs);
    peers.pass(10);
    expect([closed.listener.flowCount, kept.listener.flowCount]).toEqual([0, 3]);
    expect([opener.flows.size, acceptor.flows.size, acceptor.targets.size]).toEqual([3, 3, 3]);
    expect(sources.map((source) => closed.flowOf(source))).toEqual([undefined, undefined, undefined]);
    expect(sources.every((source) => kept.flowOf(source) !== undefined)).toBe(true);
  });

  test('leaves flows at the others that go on where they were', () => {
    const { peers, closed, kept } = peersWithTwoListeners();
    closed.listener.end(FLOW_CLOSE.closed, peers.nowMs);
    peers.pass(10);
    const before = peers.acceptor.arrivals.length;
    for (const source of sources) peers.send(kept, source, Buffer.from('again'));
    peers.pass(10);
    expect(peers.acceptor.arrivals.slice(before).map(({ payload }) => Buffer.from(payload).toString())).toEqual([
      'again',
      'again',
      'again',
    ]);
    expect(peers.opener.flows.size).toBe(3);
  });

  test('ends each of its flows once', () => {
    const { peers, closed, kept } = peersWithTwoListeners();
    const [flow] = peers.opener.flows;
    peers.opener.flows.endAll(peers.nowMs);
    expect([peers.opener.flows.size, closed.listener.flowCount, kept.listener.flowCount]).toEqual([0, 0, 0]);
    if (flow === undefined) throw new Error('there was no flow');
    flow.end(FLOW_CLOSE.closed, peers.nowMs);
    expect([closed.listener.flowCount, kept.listener.flowCount]).toEqual([0, 0]);
    peers.pass(10);
    expect(peers.acceptor.flows.size).toBe(0);
    peers.pass(120_000);
    expect([closed.listener.flowCount, kept.listener.flowCount]).toEqual([0, 0]);
  });
});

test('the ports of one listener share its limit, at which the flow that was silent longest gives way', () => {
  const peers = new TwoPeers('client', 1, LIMITS);
  const { opener } = peers;
  const ports = [1, 2].map(() =>
    Object.assign(new ListenerPort({ sendBatch: ({ count }) => count }), { target: TARGET }),
  );
  const mapping = { idleMs: 30_000, maxFlows: 4 };
  const admit = () => opener.tunnel.newEnd();
  const listener = new Listener(mapping, ports, { table: opener.flows, run: opener.run, admit });
  peers.connect();
  for (const port of ports)
    for (const source of sources) listener.receive(port, batchOf(Buffer.from('x'), source), 0, peers.nowMs);
  expect([listener.flowCount, opener.flows.size]).toEqual([2, 2]);
  expect(opener.traffic.toTarget.toJSON()).toMatchObject({ inDatagrams: 6, drops: {} });
});
