import { describe, expect, test } from '@jest/globals';
import { dropCode, FLOW_CLOSE } from '@relay/packet';
import fc from 'fast-check';
import type { Side } from '../../src/flow/flow-ids.js';
import type { Traffic } from '../../src/traffic.js';
import { packed, PERFECT, randomOf, TwoPeers, type Arrival, type Conditions } from './two-peers.js';

const IDLE_MS = 2000;
const LIMITS = { maxFlows: 8, idleMs: IDLE_MS };
const SOURCES = Array.from({ length: 6 }, (_, i) => packed(`192.0.2.${i + 1}`, 4000 + i));
const TARGETS = [packed('198.51.100.1', 53), packed('2001:db8::1', 443)];
/** Small enough packets that large datagrams travel in pieces. */
const SIZES = [0, 1, 40, 300, 900];

const conditions = fc.record<Conditions>({
  loss: fc.constantFrom(0, 0.1, 0.3, 0.6),
  duplication: fc.constantFrom(0, 0.3),
  congestion: fc.constantFrom(0, 0.2),
  maxDelayMs: fc.constantFrom(0, 5, 80),
  maxFramesBytes: fc.constantFrom(120, 300, 1420),
});
const side = fc.constantFrom<Side>('client', 'server');

/** Sends and checks what arrives: each payload names its source, its target and itself. */
class Bookkeeping {
  readonly peers: TwoPeers;
  readonly entrances;
  readonly #maxFlows: number;
  readonly #random: () => number;
  readonly #underWay = new Map<string, string>();
  #last = 0;

  constructor(side: Side, seed: number, wire: Conditions, maxFlows = LIMITS.maxFlows) {
    this.#maxFlows = maxFlows;
    this.#random = randomOf(seed ^ 0x5eed);
    this.peers = new TwoPeers(side, seed, { maxFlows, idleMs: IDLE_MS }, wire);
    this.entrances = TARGETS.map((target) => this.peers.entrance(target, 4, IDLE_MS));
    this.peers.acceptor.arrived = (flow) => {
      if (this.#random() < 0.7) this.peers.reply(flow, this.payload('reply', flow.source, flow.target));
    };
    this.peers.connect();
  }

  pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  payload(direction: 'ask' | 'reply', source: Uint8Array, target: Uint8Array): Uint8Array {
    const payload = new Uint8Array(8 + (SIZES[this.pick(SIZES.length)] ?? 0)).fill(this.#last);
    new DataView(payload.buffer).setFloat64(0, ++this.#last);
    this.#underWay.set(`${direction} ${textOf(payload)}`, endpointsOf({ source, target }));
    return payload;
  }

  send(): void {
    const source = SOURCES[this.pick(SOURCES.length)];
    const entrance = this.entrances[this.pick(this.entrances.length)];
    if (source === undefined || entrance?.target === undefined) throw new Error('there is none');
    this.peers.send(entrance, source, this.payload('ask', source, entrance.target));
  }

  sendOnEveryFlow(): void {
    for (const { source, target } of this.peers.opener.flows) {
      const entrance = this.entrances.find(
        (candidate) => candidate.target === target || textOf(candidate.target ?? source) === textOf(target),
      );
      if (entrance !== undefined) this.peers.send(entrance, source, this.payload('ask', source, target));
    }
    this.peers.pass(0);
  }

  step(): void {
    const { peers } = this;
    const what = this.pick(100);
    if (what < 70) this.send();
    else if (what < 90) peers.pass(this.pick(60));
    else if (what < 92) peers.pass(this.pick(3 * IDLE_MS));
    else if (what < 94) peers.acceptor.forget(peers.nowMs);
    else if (what < 96) peers.connect();
    else if (what < 98) for (const flow of peers.opener.flows) return flow.end(0, peers.nowMs);
    else for (const flow of peers.acceptor.flows) return flow.end(FLOW_CLOSE.idle, peers.nowMs);
  }

  /** What is wrong, in words; nothing if all is well. */
  faults(): string[] {
    const { opener, acceptor } = this.peers;
    const flowCounts = this.entrances.map(({ listener }) => listener.flowCount);
    const directions = [opener, acceptor].flatMap(({ traffic }) => [traffic.toTarget, traffic.fromTarget]);
    const isRight = {
      'an arrival at a target was sent once, to that flow': acceptor.arrivals
        .splice(0)
        .every((arrival) => this.#wasSent('ask', arrival)),
      'a reply was sent once, to that flow': opener.arrivals
        .splice(0)
        .every((arrival) => this.#wasSent('reply', arrival)),
      'what came in went out or was counted': directions.every((direction) => unaccounted(direction) === 0),
      'a listener finds its flows by their sources': [...opener.flows].every((flow) =>
        this.entrances.some((entrance) => entrance.flowOf(flow.source) === flow),
      ),
      'no mapping exceeds its limit': this.entrances.every(
        ({ listener }) => listener.flowCount <= listener.mapping.maxFlows,
      ),
      'every flow belongs to a mapping': flowCounts.reduce((sum, count) => sum + count, 0) === opener.flows.size,
      'every accepted flow has a socket, and no other is open': acceptor.flows.size === acceptor.targets.size,
      'no session exceeds its limit': acceptor.targets.size <= this.#maxFlows,
    };
    return Object.entries(isRight).flatMap(([rule, holds]) => (holds ? [] : [rule]));
  }

  #wasSent(direction: string, arrival: Arrival): boolean {
    const key = `${direction} ${textOf(arrival.payload)}`;
    const isRight = this.#underWay.get(key) === endpointsOf(arrival);
    this.#underWay.delete(key);
    return isRight;
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const endpointsOf = ({ source, target }: Pick<Arrival, 'source' | 'target'>): string =>
  `${textOf(source)} ${textOf(target)}`;
const unaccounted = ({ inDatagrams, outDatagrams, drops }: Traffic): number => inDatagrams - outDatagrams - drops.total;

describe('flows over a wire that loses, delays, repeats and refuses', () => {
  test('each arrival was sent once, to its flow; each datagram went out or was counted; no limit is exceeded', () => {
    fc.assert(
      fc.property(side, fc.nat(), conditions, (opensOn, seed, wire) => {
        const books = new Bookkeeping(opensOn, seed, wire);
        for (let step = 0; step < 100; step++) {
          books.step();
          if (step % 5 === 0) expect(books.faults()).toEqual([]);
        }
        books.peers.pass(1000);
        expect(books.faults()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('once the wire is good again, the second datagram of every flow arrives and is answered', () => {
    fc.assert(
      fc.property(side, fc.nat(), conditions, (opensOn, seed, wire) => {
        // Room for flows whose end was told in a lost packet: they stay until they are idle.
        const books = new Bookkeeping(opensOn, seed, wire, 1000);
        for (let step = 0; step < 60; step++) books.step();
        const { peers } = books;
        peers.pass(1000);
        peers.conditions = { ...PERFECT, maxFramesBytes: wire.maxFramesBytes };
        expect(books.faults()).toEqual([]);
        peers.acceptor.arrived = (flow) => peers.reply(flow, books.payload('reply', flow.source, flow.target));
        // The first may bring to light that the other side has lost the flow.
        books.sendOnEveryFlow();
        expect(books.faults()).toEqual([]);
        books.sendOnEveryFlow();
        const { size } = peers.opener.flows;
        expect([peers.acceptor.arrivals.length, peers.opener.arrivals.length]).toEqual([size, size]);
        expect(books.faults()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('when nobody sends, all flows end on both sides', () => {
    fc.assert(
      fc.property(side, fc.nat(), conditions, (opensOn, seed, wire) => {
        const books = new Bookkeeping(opensOn, seed, wire);
        for (let step = 0; step < 60; step++) books.step();
        const { opener, acceptor } = books.peers;
        books.peers.pass(IDLE_MS + 1000 + 2 * wire.maxDelayMs);
        expect([opener.flows.size, acceptor.flows.size, acceptor.targets.size]).toEqual([0, 0, 0]);
        books.peers.pass(10_000);
        expect([opener.idle.size, acceptor.idle.size, books.peers.isQuiet]).toEqual([0, 0, true]);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a refused flow', () => {
  const denied = dropCode('denied-by-policy');
  const payload = Uint8Array.of(1, 2, 3);
  const source = SOURCES[0] ?? payload;

  test('is held back for a second, then tried again', () => {
    const peers = new TwoPeers('client', 1, LIMITS);
    const entrance = peers.entrance(TARGETS[0], 4, 60_000);
    peers.connect();
    peers.acceptor.verdict = () => denied;
    for (let i = 0; i < 10; i++) {
      peers.send(entrance, source, payload);
      peers.pass(99);
    }
    expect(peers.opener.refusals).toEqual(['denied-by-policy']);
    expect(peers.acceptor.traffic.toTarget.inDatagrams).toBe(1);
    expect(peers.opener.traffic.toTarget.drops.toJSON()).toEqual({ 'denied-by-policy': 9 });
    peers.pass(10);
    peers.acceptor.verdict = () => 0;
    peers.send(entrance, source, payload);
    peers.pass(0);
    expect(peers.acceptor.arrivals).toHaveLength(1);
  });

  test('is reported once, however many datagrams were under way', () => {
    const peers = new TwoPeers('client', 1, LIMITS);
    const entrance = peers.entrance(TARGETS[0], 4, 60_000);
    peers.connect();
    peers.acceptor.verdict = () => denied;
    for (let i = 0; i < 10; i++) peers.send(entrance, source, payload);
    peers.pass(0);
    expect(peers.opener.refusals).toEqual(['denied-by-policy']);
  });

  test('with an unreachable target is reported, and tried again at once', () => {
    const peers = new TwoPeers('client', 1, LIMITS);
    const entrance = peers.entrance(TARGETS[0], 4, 60_000);
    peers.connect();
    peers.send(entrance, source, payload);
    peers.pass(0);
    for (const flow of peers.acceptor.flows) flow.end(FLOW_CLOSE.unreachable, peers.nowMs);
    peers.pass(0);
    peers.send(entrance, source, payload);
    peers.pass(0);
    expect(peers.opener.refusals).toEqual(['unreachable']);
    expect(peers.acceptor.arrivals).toHaveLength(2);
  });

  test.each(['loop', 'flow-limit', 'not-published', 'draining', 'overloaded', 'send-failed'] as const)(
    'for %s is reported in words that the opener knows',
    (reason) => {
      const peers = new TwoPeers('client', 1, LIMITS);
      peers.connect();
      peers.acceptor.verdict = () => dropCode(reason);
      peers.send(peers.entrance(TARGETS[0], 4, 60_000), source, payload);
      peers.pass(0);
      const told = reason === 'loop' ? ['denied-by-policy'] : reason === 'send-failed' ? [] : [reason];
      expect(peers.opener.refusals).toEqual(told);
      expect(peers.acceptor.traffic.toTarget.drops.toJSON()).toEqual({ [reason]: 1 });
    },
  );
});
