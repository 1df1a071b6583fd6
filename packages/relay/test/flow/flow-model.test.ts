import { expect, test } from '@jest/globals';
import { DROP, FLOW_CLOSE } from '@relay/packet';
import fc from 'fast-check';
import type { Flow } from '../../src/flow/flow.js';
import { packed, TwoPeers } from './two-peers.js';

/**
 * All times are multiples of the tick of the idle queue, so that the model knows to the ms what has
 * expired.
 */
const TICK_MS = 250;
const OPENER_IDLE_MS = 3000;
const ACCEPTOR_IDLE_MS = 2000;
const REFUSAL_MS = 1000;
/** More flows than there are sources: which one gives way is a matter of flow-group.test.ts. */
const MAX_FLOWS = 100;
const SOURCES = Array.from({ length: 4 }, (_, i) => packed(`192.0.2.${i + 1}`, 4000));
const TARGETS = [0, 1].map((i) => packed(`198.51.100.${i + 1}`, 53));
const PAYLOAD = Uint8Array.of(7);

interface ModelFlow {
  activeMs: number;
  isAcknowledged: boolean;
  refusedUntilMs: number;
}

/**
 * What the two sides should know, by `entrance source`: over a wire that loses nothing and takes no
 * time.
 */
interface Model {
  nowMs: number;
  isConnected: boolean;
  /** Whether the acceptor refuses flows that are new to it. */
  isRefusing: boolean;
  readonly opened: Map<string, ModelFlow>;
  readonly accepted: Map<string, number>;
  /** Accepted in a session that is over, and not claimed yet. */
  readonly lost: Map<string, number>;
  readonly dropped: { opener: number; acceptor: number };
  toTargets: number;
  toSources: number;
}

interface Real {
  readonly peers: TwoPeers;
  readonly entrances: readonly ReturnType<TwoPeers['entrance']>[];
}

const newModel = (): Model => ({
  nowMs: 0,
  isConnected: false,
  isRefusing: false,
  opened: new Map(),
  accepted: new Map(),
  lost: new Map(),
  dropped: { opener: 0, acceptor: 0 },
  toTargets: 0,
  toSources: 0,
});

function newReal(): Real {
  const peers = new TwoPeers('client', 0, { maxFlows: MAX_FLOWS, idleMs: ACCEPTOR_IDLE_MS });
  const entrances = TARGETS.map((target) => peers.entrance(target, MAX_FLOWS, OPENER_IDLE_MS));
  return { peers, entrances };
}

const keyOf = (entrance: number, source: number): string => `${entrance} ${source}`;
const countOf = (model: Model, entrance: number): number =>
  [...model.opened.keys()].filter((key) => key.startsWith(`${entrance} `)).length;

const sourceOf = (source: number): Uint8Array => SOURCES[source] ?? PAYLOAD;

function openedFlow({ entrances }: Real, entrance: number, source: number): Flow | undefined {
  return entrances[entrance]?.flowOf(sourceOf(source));
}

function acceptedFlow({ peers }: Real, entrance: number, source: number): Flow | undefined {
  const isIt = (flow: Flow): boolean =>
    Buffer.compare(flow.source, sourceOf(source)) === 0 &&
    Buffer.compare(flow.target, TARGETS[entrance] ?? PAYLOAD) === 0;
  return [...peers.acceptor.flows].find(isIt);
}

function assertAgreement(model: Model, { peers, entrances }: Real): void {
  const { opener, acceptor } = peers;
  const seen = {
    opened: opener.flows.size,
    byEntrance: entrances.map(({ listener }) => listener.flowCount),
    accepted: acceptor.flows.size,
    sockets: acceptor.targets.size,
    dropped: { opener: opener.traffic.toTarget.drops.total, acceptor: acceptor.traffic.toTarget.drops.total },
    toTargets: acceptor.arrivals.length,
    toSources: opener.arrivals.length,
  };
  expect(seen).toEqual({
    opened: model.opened.size,
    byEntrance: entrances.map((_, i) => countOf(model, i)),
    accepted: model.accepted.size + model.lost.size,
    sockets: model.accepted.size + model.lost.size,
    dropped: model.dropped,
    toTargets: model.toTargets,
    toSources: model.toSources,
  });
}

type Command = fc.Command<Model, Real>;

/** Makes a command from what the model and the real thing do; both are compared after each. */
class Step implements Command {
  readonly #name: string;
  readonly #model: (model: Model) => void;
  readonly #real: (real: Real) => void;

  constructor(name: string, model: (model: Model) => void, real: (real: Real) => void) {
    this.#name = name;
    this.#model = model;
    this.#real = real;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    this.#model(model);
    this.#real(real);
    real.peers.pass(0);
    assertAgreement(model, real);
  }

  toString(): string {
    return this.#name;
  }
}

const entrance = fc.nat(TARGETS.length - 1);
const source = fc.nat(SOURCES.length - 1);

const send = (at: number, from: number): Command =>
  new Step(
    `send(${keyOf(at, from)})`,
    (model) => modelSend(model, keyOf(at, from)),
    ({ peers, entrances }) => {
      const there = entrances[at];
      if (there !== undefined) peers.send(there, sourceOf(from), PAYLOAD);
    },
  );

function modelSend(model: Model, key: string): void {
  const { nowMs, opened, accepted, lost, dropped } = model;
  if (!opened.has(key) && !model.isConnected) {
    dropped.opener++;
    return;
  }
  const flow = opened.get(key) ?? { activeMs: nowMs, isAcknowledged: false, refusedUntilMs: -Infinity };
  opened.set(key, flow);
  const isLate = nowMs - flow.activeMs > OPENER_IDLE_MS / 2;
  flow.activeMs = nowMs;
  if (!model.isConnected || nowMs < flow.refusedUntilMs) {
    dropped.opener++;
    return;
  }
  if (isLate) flow.isAcknowledged = false; // the acceptor may have forgotten it
  if (isTaken(model, key, flow.isAcknowledged)) {
    lost.delete(key);
    accepted.set(key, nowMs);
    flow.isAcknowledged = true;
    model.toTargets++;
  } else {
    dropped.acceptor++;
    if (!flow.isAcknowledged) flow.refusedUntilMs = nowMs + REFUSAL_MS;
    flow.isAcknowledged = false;
  }
}

/**
 * Whether the acceptor takes the next datagram of the flow: it knows it, has it back, or admits it.
 */
const isTaken = ({ accepted, lost, isRefusing }: Model, key: string, isAcknowledged: boolean): boolean =>
  accepted.has(key) || (!isAcknowledged && (lost.has(key) || !isRefusing));

const reply = (at: number, from: number): Command =>
  new Step(
    `reply(${keyOf(at, from)})`,
    (model) => {
      const key = keyOf(at, from);
      if (model.lost.has(key)) model.lost.set(key, model.nowMs);
      if (!model.accepted.has(key)) return;
      model.accepted.set(key, model.nowMs);
      const flow = model.opened.get(key);
      if (flow === undefined) throw new Error('the opener has been told of every end');
      flow.activeMs = model.nowMs;
      model.toSources++;
    },
    (real) => {
      const flow = acceptedFlow(real, at, from);
      if (flow !== undefined) real.peers.reply(flow, PAYLOAD);
    },
  );

const wait = (ticks: number): Command =>
  new Step(
    `wait(${ticks * TICK_MS})`,
    (model) => {
      const untilMs = model.nowMs + ticks * TICK_MS;
      for (; model.nowMs <= untilMs; model.nowMs += TICK_MS) {
        for (const [key, activeMs] of model.accepted) {
          if (activeMs + ACCEPTOR_IDLE_MS > model.nowMs) continue;
          model.accepted.delete(key);
          const flow = model.opened.get(key);
          if (flow !== undefined) flow.isAcknowledged = false;
        }
        for (const [key, activeMs] of model.lost)
          if (activeMs + ACCEPTOR_IDLE_MS <= model.nowMs) model.lost.delete(key);
        for (const [key, { activeMs }] of model.opened)
          if (activeMs + OPENER_IDLE_MS <= model.nowMs) {
            model.opened.delete(key);
            if (model.isConnected) model.accepted.delete(key);
          }
      }
      model.nowMs = untilMs;
    },
    ({ peers }) => peers.pass(ticks * TICK_MS),
  );

const openerEnds = (at: number, from: number): Command =>
  new Step(
    `openerEnds(${keyOf(at, from)})`,
    (model) => {
      model.opened.delete(keyOf(at, from));
      if (model.isConnected) model.accepted.delete(keyOf(at, from));
    },
    (real) => {
      const flow = openedFlow(real, at, from);
      flow?.end(FLOW_CLOSE.closed, real.peers.nowMs);
    },
  );

const acceptorEnds = (at: number, from: number): Command =>
  new Step(
    `acceptorEnds(${keyOf(at, from)})`,
    (model) => {
      const flow = model.opened.get(keyOf(at, from));
      model.lost.delete(keyOf(at, from));
      if (model.accepted.delete(keyOf(at, from)) && flow !== undefined) flow.isAcknowledged = false;
    },
    (real) => {
      const flow = acceptedFlow(real, at, from);
      flow?.end(FLOW_CLOSE.closed, real.peers.nowMs);
    },
  );

const acceptorForgets = (): Command =>
  new Step(
    'acceptorForgets()',
    (model) => {
      model.accepted.clear();
      model.lost.clear();
    },
    ({ peers }) => peers.acceptor.forget(peers.nowMs),
  );

const acceptorRefuses = (isRefusing: boolean): Command =>
  new Step(
    `acceptorRefuses(${isRefusing})`,
    (model) => {
      model.isRefusing = isRefusing;
    },
    ({ peers }) => {
      peers.acceptor.verdict = () => (isRefusing ? DROP.deniedByPolicy : 0);
    },
  );

const changeSession = (isConnected: boolean): Command =>
  new Step(
    isConnected ? 'connect()' : 'disconnect()',
    (model) => {
      model.isConnected = isConnected;
      for (const [key, activeMs] of model.accepted) model.lost.set(key, activeMs);
      model.accepted.clear();
      for (const flow of model.opened.values()) flow.isAcknowledged = false;
    },
    ({ peers }) => (isConnected ? peers.connect() : peers.disconnect()),
  );

test('flows, sockets, refusals, arrivals and drops of both sides are what a simple model says, over any history', () => {
  const commands = [
    fc.tuple(entrance, source).map(([at, from]) => send(at, from)),
    fc.tuple(entrance, source).map(([at, from]) => send(at, from)),
    fc.tuple(entrance, source).map(([at, from]) => reply(at, from)),
    fc.nat(14).map((ticks) => wait(ticks)),
    fc.tuple(entrance, source).map(([at, from]) => openerEnds(at, from)),
    fc.tuple(entrance, source).map(([at, from]) => acceptorEnds(at, from)),
    fc.boolean().map((isForgetting) => (isForgetting ? acceptorForgets() : changeSession(true))),
    fc.nat(4).map((n) => changeSession(n > 0)),
    fc.boolean().map((isRefusing) => acceptorRefuses(isRefusing)),
  ];
  fc.assert(
    fc.property(fc.commands(commands, { size: 'large', maxCommands: 60 }), (history) => {
      fc.modelRun(() => ({ model: newModel(), real: newReal() }), history);
    }),
    { numRuns: 300 },
  );
});
