import { describe, expect, test } from '@jest/globals';
import { EndpointMap, FLOW_CLOSE } from '@relay/packet';
import { packed, TwoPeers } from './two-peers.js';

const LIMITS = { maxFlows: 100, idleMs: 60_000 };
const TARGET = packed('192.0.2.53', 53);
const sources = [1, 2, 3].map((port) => packed('127.0.0.1', port));

function peersWithTwoEntrances() {
  const peers = new TwoPeers('client', 1, LIMITS);
  const closed = peers.entrance(TARGET, 10, 30_000);
  const kept = peers.entrance(TARGET, 10, 30_000);
  peers.connect();
  for (const source of sources)
    for (const entrance of [closed, kept]) peers.send(entrance, source, Buffer.from('hello'));
  peers.pass(10);
  return { peers, closed, kept };
}

describe('an entrance that is closed', () => {
  test('takes its own flows with it, on both sides, and no other', () => {
    const { peers, closed, kept } = peersWithTwoEntrances();
    const { opener, acceptor } = peers;
    expect([opener.flows.size, acceptor.flows?.size, acceptor.sockets.size]).toEqual([6, 6, 6]);
    opener.flows.endAll(peers.nowMs, closed);
    peers.pass(10);
    expect([closed.mapping.flowCount, kept.mapping.flowCount]).toEqual([0, 3]);
    expect([opener.flows.size, acceptor.flows?.size, acceptor.sockets.size]).toEqual([3, 3, 3]);
    expect([...opener.flows].every(({ entrance }) => entrance === kept)).toBe(true);
    expect(sources.map((source) => closed.flowBySource.get(source, 0))).toEqual([undefined, undefined, undefined]);
    expect(sources.every((source) => kept.flowBySource.get(source, 0) !== undefined)).toBe(true);
  });

  test('leaves flows at the others that go on where they were', () => {
    const { peers, closed, kept } = peersWithTwoEntrances();
    peers.opener.flows.endAll(peers.nowMs, closed);
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

  test('is not missed: all flows end when none is named, and none ends twice', () => {
    const { peers, closed, kept } = peersWithTwoEntrances();
    const [flow] = peers.opener.flows;
    peers.opener.flows.endAll(peers.nowMs);
    expect([peers.opener.flows.size, closed.mapping.flowCount, kept.mapping.flowCount]).toEqual([0, 0, 0]);
    if (flow === undefined) throw new Error('there was no flow');
    peers.opener.flows.end(flow, FLOW_CLOSE.closed, peers.nowMs);
    expect([closed.mapping.flowCount, kept.mapping.flowCount]).toEqual([0, 0]);
    peers.pass(10);
    expect(peers.acceptor.flows?.size).toBe(0);
    peers.pass(120_000);
    expect([closed.mapping.flowCount, kept.mapping.flowCount]).toEqual([0, 0]);
  });

  test('counts in its mapping, not in that of others', () => {
    const peers = new TwoPeers('client', 1, LIMITS);
    const mapping = { idleMs: 30_000, maxFlows: 2, flowCount: 0 };
    const entrances = [1, 2].map(() => ({ mapping, target: TARGET, flowBySource: new EndpointMap<never>() }));
    peers.connect();
    for (const entrance of entrances) for (const source of sources) peers.send(entrance, source, Buffer.from('x'));
    // Two ports of one mapping share its limit.
    expect([mapping.flowCount, peers.opener.flows.size]).toEqual([2, 2]);
    expect(peers.opener.traffic.toTarget.toJSON().drops).toEqual({ 'flow-limit': 4 });
  });
});
