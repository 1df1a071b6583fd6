import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FlowGroup, type FlowMapping } from '../../src/flow/flow-group.js';
import type { Flow } from '../../src/flow/flow.js';
import { packed, TwoPeers, type Entrance } from './two-peers.js';

const IDLE_MS = 120_000;
const TARGET = packed('198.51.100.1', 53);
const PAYLOAD = Uint8Array.of(7);
const ROOMY = { maxFlows: 100_000, idleMs: IDLE_MS };

const sourceOf = (n: number): Uint8Array => packed(`192.0.${n >> 8}.${n & 0xff}`, 4000);

/** A relay with one listener. */
class Stage {
  readonly peers: TwoPeers;
  readonly entrance: Entrance;

  constructor(mapping: Partial<FlowMapping> = {}, limits = ROOMY) {
    this.peers = new TwoPeers('client', 1, limits);
    this.entrance = this.peers.entrance(TARGET, 8, IDLE_MS);
    Object.assign(this.entrance.listener.mapping, mapping);
    this.peers.connect();
  }

  /** The sources that have a flow. */
  get sources(): number[] {
    return [...this.peers.opener.flows]
      .map(({ source }) => ((source[14] ?? 0) << 8) + (source[15] ?? 0))
      .sort(byNumber);
  }

  send(source: number): void {
    this.peers.send(this.entrance, sourceOf(source), PAYLOAD);
    this.peers.pass(0);
  }

  reply(source: number): void {
    const flow = [...this.peers.acceptor.flows].find((other) => Buffer.compare(other.source, sourceOf(source)) === 0);
    if (flow === undefined) throw new Error(`the acceptor has no flow of source ${source}`);
    this.peers.reply(flow, PAYLOAD);
    this.peers.pass(0);
  }

  /** A question, its answer, and another question. */
  assure(source: number): void {
    this.send(source);
    this.reply(source);
    this.send(source);
  }

  get drops(): Readonly<Record<string, number>> {
    return this.peers.opener.traffic.toTarget.toJSON().drops;
  }
}

const byNumber = (a: number, b: number): number => a - b;

describe('at the limit of a mapping', () => {
  test('the flow that was active the longest time ago gives way', () => {
    const stage = new Stage({ maxFlows: 6 });
    for (const source of [1, 2, 3]) {
      stage.send(source);
      stage.peers.pass(1000);
    }
    stage.reply(1);
    stage.peers.pass(1000);
    stage.send(4);
    expect(stage.sources).toEqual([1, 3, 4]);
    expect(stage.drops).toEqual({});
  });

  test('flows whose sources sent again after an answer stay, whoever comes', () => {
    const stage = new Stage({ maxFlows: 6 });
    for (const source of [1, 2, 3]) stage.assure(source);
    for (let source = 10; source < 100; source++) stage.send(source);
    expect(stage.sources).toEqual([1, 2, 3, 97, 98, 99]);
    expect(stage.drops).toEqual({});
  });

  test('flows that nobody has answered hold half of it', () => {
    const stage = new Stage({ maxFlows: 9 });
    for (let source = 1; source < 10; source++) stage.send(source);
    expect(stage.sources).toEqual([5, 6, 7, 8, 9]);
  });

  test('an answer alone does not keep a flow, since a stranger can ask in the name of another', () => {
    const stage = new Stage({ maxFlows: 2 });
    stage.send(1);
    stage.reply(1);
    stage.send(2);
    expect(stage.sources).toEqual([2]);
  });

  test('a new source is refused while all flows go on', () => {
    const stage = new Stage({ maxFlows: 2 });
    stage.assure(1);
    stage.assure(2);
    stage.send(3);
    expect(stage.sources).toEqual([1, 2]);
    expect(stage.drops).toEqual({ 'flow-limit': 1 });
  });

  test('a flow that went on gives way after half of its idle time, and not before', () => {
    const stage = new Stage({ maxFlows: 2 });
    stage.assure(1);
    stage.peers.pass(1000);
    stage.assure(2);
    stage.peers.pass(IDLE_MS / 2 - 1001);
    stage.send(3);
    expect(stage.sources).toEqual([1, 2]);
    stage.peers.pass(1);
    stage.send(3);
    expect(stage.sources).toEqual([2, 3]);
  });

  test('sources that ask once each, far more than the limit, all reach the target', () => {
    const stage = new Stage({ maxFlows: 100 }, { maxFlows: 100, idleMs: IDLE_MS });
    for (let source = 0; source < 5000; source++) {
      stage.send(source);
      stage.reply(source);
    }
    expect(stage.peers.acceptor.arrivals).toHaveLength(5000);
    expect(stage.peers.opener.arrivals).toHaveLength(5000);
    expect(stage.drops).toEqual({});
    expect(stage.peers.acceptor.traffic.toTarget.toJSON().drops).toEqual({});
    expect([stage.peers.opener.flows.size, stage.peers.acceptor.targets.size]).toEqual([50, 50]);
  });
});

test('at the limit of the other side a flow gives way there, and opens again with its next datagram', () => {
  const stage = new Stage({ maxFlows: 100 }, { maxFlows: 2, idleMs: IDLE_MS });
  stage.send(1);
  stage.send(2);
  expect([stage.sources.length, stage.peers.acceptor.flows.size]).toEqual([2, 1]);
  stage.send(1);
  expect(stage.peers.acceptor.arrivals).toHaveLength(3);
  expect(stage.peers.opener.refusals).toEqual([]);
});

describe('over any history', () => {
  const step = fc.record({
    source: fc.nat(12),
    action: fc.constantFrom('send', 'send', 'reply', 'assure'),
    ticks: fc.nat(3),
  });

  test('a group holds no more flows than it may, and the one that gives way was silent longest of its kind', () => {
    let given = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.integer({ min: 1, max: 8 }), (steps, maxFlows) => {
        const stage = new Stage({ maxFlows });
        const assured = new WeakSet<Flow>();
        const answered = new WeakSet<Flow>();
        for (const { source, action, ticks } of steps) {
          stage.peers.pass(ticks * 250);
          const before = [...stage.peers.opener.flows];
          const asked = stage.entrance.flowOf(sourceOf(source));
          if (asked !== undefined && action !== 'send') stage.reply(source);
          if (asked !== undefined && action !== 'send') answered.add(asked);
          if (action !== 'reply') stage.send(source);
          if (asked !== undefined && action !== 'reply' && answered.has(asked)) assured.add(asked);
          const left = new Set(stage.peers.opener.flows);
          const [leaving, ...more] = before.filter((flow) => !left.has(flow));
          expect(left.size).toBeLessThanOrEqual(maxFlows);
          expect(more).toEqual([]);
          if (leaving === undefined) continue;
          given++;
          if (assured.has(leaving)) expect(before.every((flow) => assured.has(flow))).toBe(true);
          for (const other of before)
            if (assured.has(other) === assured.has(leaving))
              expect(other.lastActivityMs).toBeGreaterThan(leaving.lastActivityMs - 250);
        }
      }),
    );
    expect(given).toBeGreaterThan(0);
  });
});

describe('a mapping with a number of replies', () => {
  test('ends a flow with the reply to its question', () => {
    const stage = new Stage({ replies: 1 });
    stage.send(1);
    expect(stage.sources).toEqual([1]);
    stage.reply(1);
    expect([stage.peers.opener.flows.size, stage.peers.acceptor.flows.size]).toEqual([0, 0]);
    expect(stage.peers.opener.arrivals).toHaveLength(1);
  });

  test('waits for the replies to all questions of a source', () => {
    const stage = new Stage({ replies: 1 });
    stage.send(1);
    stage.send(1);
    stage.reply(1);
    expect(stage.sources).toEqual([1]);
    stage.reply(1);
    expect(stage.sources).toEqual([]);
    expect(stage.peers.opener.arrivals).toHaveLength(2);
  });

  test('waits for as many replies to each question as it says', () => {
    const stage = new Stage({ replies: 3 });
    stage.send(1);
    for (const count of [1, 1, 0]) {
      stage.reply(1);
      expect(stage.sources).toHaveLength(count);
    }
  });
});

describe('a mapping with a number of requests', () => {
  test('opens another flow for the next ones, and the replies to both come back', () => {
    const stage = new Stage({ requests: 1 });
    stage.send(1);
    stage.send(1);
    const flows = [...stage.peers.acceptor.flows];
    expect(flows).toHaveLength(2);
    for (const flow of flows) stage.peers.reply(flow, PAYLOAD);
    stage.peers.pass(0);
    expect(stage.peers.opener.arrivals).toHaveLength(2);
    expect(stage.sources).toEqual([1, 1]);
  });

  test('ends each with its last reply, and leaves the newer one of its source alone', () => {
    const stage = new Stage({ requests: 2, replies: 1 });
    for (let i = 0; i < 3; i++) stage.send(1);
    const [first, second] = stage.peers.acceptor.flows;
    if (first === undefined || second === undefined) throw new Error('there are not two flows');
    for (let i = 0; i < 2; i++) stage.peers.reply(first, PAYLOAD);
    stage.peers.pass(0);
    expect(stage.sources).toEqual([1]);
    stage.send(1);
    expect([...stage.peers.acceptor.flows]).toEqual([second]);
  });

  test('keeps nothing of them where no reply is waited for', () => {
    const stage = new Stage({ requests: 1, replies: 0 });
    for (let i = 0; i < 5; i++) stage.send(1);
    expect(stage.peers.acceptor.arrivals).toHaveLength(5);
    expect([stage.peers.opener.flows.size, stage.peers.acceptor.flows.size]).toEqual([0, 0]);
  });

  test('counts every datagram once, whatever passes', () => {
    const step = fc.record({ source: fc.nat(3), isReply: fc.boolean() });
    const settings = fc.record({
      maxFlows: fc.integer({ min: 1, max: 4 }),
      replies: fc.option(fc.nat(2), { nil: undefined }),
      requests: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), settings, (steps, mapping) => {
        const stage = new Stage(mapping);
        for (const { source, isReply } of steps) {
          const [flow] = stage.peers.acceptor.flows;
          if (!isReply) stage.send(source);
          else if (flow !== undefined) stage.peers.reply(flow, PAYLOAD);
          stage.peers.pass(0);
          for (const peer of [stage.peers.opener, stage.peers.acceptor])
            for (const { inDatagrams, outDatagrams, drops } of [peer.traffic.toTarget, peer.traffic.fromTarget])
              expect(outDatagrams + drops.total).toBe(inDatagrams);
          expect(stage.peers.opener.flows.size).toBeLessThanOrEqual(mapping.maxFlows);
          expect(stage.entrance.listener.flowCount).toBe(stage.peers.opener.flows.size);
        }
      }),
    );
  });
});

test('a group without a limit of its own still gives way where the program is full', () => {
  const group = new FlowGroup({ idleMs: 1000, maxFlows: 10 });
  expect(group.makeRoom(false, 0)).toBe(true);
  expect(group.makeRoom(true, 0)).toBe(false);
});
