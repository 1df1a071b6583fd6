/**
 * Two peers with flows between them, joined by a wire that loses, delays and repeats packets as a
 * seed says.
 */
import {
  AEAD_TAG_BYTES,
  DropCounters,
  EndpointMap,
  frameType,
  nextFrame,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  TRANSPORT_HEADER_BYTES,
  type DropReason,
} from '@relay/packet';
import { AcceptedFlows, type AcceptedFlow, type AcceptedFlowLimits } from '../../src/flow/accepted-flows.js';
import { DatagramWriter } from '../../src/batch/datagram-writer.js';
import { FlowFrames } from '../../src/flow/flow-frames.js';
import type { Side } from '../../src/flow/flow.js';
import { Fragments } from '../../src/flow/fragments.js';
import { IdleQueue } from '../../src/flow/idle-queue.js';
import { OpenedFlows, type Entrance, type OpenedFlow } from '../../src/flow/opened-flows.js';
import { PacketBatch } from '../../src/batch/packet-batch.js';
import { ModeTraffic } from '../../src/traffic.js';
import { PlainSession } from './plain-session.js';

export interface Conditions {
  /** Shares of packets, 0 to 1. */
  readonly loss: number;
  readonly duplication: number;
  /** Share of sends of which the socket takes only a part. */
  readonly congestion: number;
  /** Packets arrive after 0 to this many ms, so not in order. */
  readonly maxDelayMs: number;
  readonly maxFramesBytes: number;
}

export const PERFECT: Conditions = { loss: 0, duplication: 0, congestion: 0, maxDelayMs: 0, maxFramesBytes: 1420 };
const FRAGMENT_LIMITS = { maxBytes: 1 << 20, maxDatagrams: 64, timeoutMs: 5000 };
const END_OF_SIMULATION_MS = 1e9;

/** A datagram that came out at one end. */
export interface Arrival {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly payload: Uint8Array;
}

/** Stands for the socket of a flow. */
export interface TargetSocket {
  isOpen: boolean;
}

export function packed(address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, bytes, 0);
  return bytes;
}

export class Opener {
  readonly traffic = new ModeTraffic();
  readonly packetDrops = new DropCounters();
  readonly idle = new IdleQueue();
  readonly arrivals: Arrival[] = [];
  readonly refusals: DropReason[] = [];
  readonly batch: PacketBatch;
  readonly flows: OpenedFlows;
  readonly fragments = new Fragments(FRAGMENT_LIMITS, this.idle, this.packetDrops);
  session: PlainSession | undefined;

  constructor(side: Side, send: (batch: PacketBatch) => number) {
    this.batch = new PacketBatch(send);
    this.flows = new OpenedFlows(side, new DatagramWriter(this.batch), this.idle, this.traffic, {
      toSource: (flow, bytes, offset, length) => {
        const payload = bytes.slice(offset, offset + length);
        this.arrivals.push({ source: flow.source, target: flow.target, payload });
        this.traffic.fromTarget.sent(length);
      },
      refused: (_flow, reason) => this.refusals.push(reason),
    });
  }

  begin(session: PlainSession | undefined): void {
    this.session = session;
    this.fragments.clear();
    this.flows.setSession(session);
  }
}

export class Acceptor {
  readonly traffic = new ModeTraffic();
  readonly packetDrops = new DropCounters();
  readonly idle = new IdleQueue();
  readonly arrivals: Arrival[] = [];
  readonly sockets = new Set<TargetSocket>();
  readonly batch: PacketBatch;
  /** 0, or the code against a new flow. */
  verdict: (flow: AcceptedFlow<TargetSocket>) => number = () => 0;
  arrived: (flow: AcceptedFlow<TargetSocket>, payload: Uint8Array) => void = () => undefined;
  readonly fragments = new Fragments(FRAGMENT_LIMITS, this.idle, this.packetDrops);
  flows: AcceptedFlows<TargetSocket> | undefined;
  readonly #limits: AcceptedFlowLimits;
  readonly #writer: DatagramWriter;

  constructor(limits: AcceptedFlowLimits, send: (batch: PacketBatch) => number) {
    this.#limits = limits;
    this.batch = new PacketBatch(send);
    this.#writer = new DatagramWriter(this.batch);
  }

  get session(): PlainSession | undefined {
    return this.flows?.session instanceof PlainSession ? this.flows.session : undefined;
  }

  /** Forgets all flows, and begins with this session, or none. */
  begin(session: PlainSession | undefined): void {
    this.flows?.endAll();
    this.fragments.clear();
    this.flows =
      session && new AcceptedFlows<TargetSocket>(session, this.#writer, this.idle, this.traffic, this.#limits, this);
  }

  accept(flow: AcceptedFlow<TargetSocket>): number {
    const code = this.verdict(flow);
    if (code < 0) return code;
    flow.socket = { isOpen: true };
    this.sockets.add(flow.socket);
    return 0;
  }

  toTarget(flow: AcceptedFlow<TargetSocket>, bytes: Uint8Array, offset: number, length: number): void {
    if (flow.socket?.isOpen !== true) throw new Error('the flow has no socket');
    const payload = bytes.slice(offset, offset + length);
    this.traffic.toTarget.sent(length);
    this.arrivals.push({ source: flow.source, target: flow.target, payload });
    this.arrived(flow, payload);
  }

  ended({ socket }: AcceptedFlow<TargetSocket>): void {
    if (socket === undefined) return;
    socket.isOpen = false;
    this.sockets.delete(socket);
  }
}

interface Flying {
  readonly atMs: number;
  readonly to: Opener | Acceptor;
  readonly packet: Uint8Array;
}

export class TwoPeers {
  nowMs = 0;
  packets = 0;
  conditions: Conditions;
  readonly opener: Opener;
  readonly acceptor: Acceptor;
  readonly #random: () => number;
  readonly #openerFrames: FlowFrames;
  readonly #acceptorFrames: FlowFrames;
  readonly #flying: Flying[] = [];
  #sessions = 0;

  constructor(side: Side, seed: number, limits: AcceptedFlowLimits, conditions: Conditions = PERFECT) {
    this.#random = randomOf(seed);
    this.conditions = conditions;
    this.opener = new Opener(side, (batch) => this.#sendBatch(batch, this.acceptor));
    this.acceptor = new Acceptor(limits, (batch) => this.#sendBatch(batch, this.opener));
    this.#openerFrames = new FlowFrames(side);
    this.#acceptorFrames = new FlowFrames(side === 'client' ? 'server' : 'client');
  }

  get isQuiet(): boolean {
    return this.#flying.length === 0;
  }

  /** A new session on both sides; what is still under way belongs to the old one. */
  connect(): void {
    this.disconnect();
    this.opener.begin(this.newSession(this.acceptor));
    this.acceptor.begin(this.newSession(this.opener));
    this.#sessions++;
  }

  disconnect(): void {
    for (const { session } of [this.opener, this.acceptor]) if (session !== undefined) session.isOpen = false;
    this.opener.begin(undefined);
    this.acceptor.begin(undefined);
  }

  /**
   * One end of the session whose packets go to the other. Both ends are made before the next pair.
   */
  newSession(to: Opener | Acceptor): PlainSession {
    return new PlainSession(this.#sessions, this.conditions.maxFramesBytes, (packet) => this.#fly(packet, to));
  }

  entrance(target: Uint8Array | undefined, maxFlows: number, idleMs: number): Entrance {
    return { mapping: { idleMs, maxFlows, flowCount: 0 }, target, flowBySource: new EndpointMap<OpenedFlow>() };
  }

  send(entrance: Entrance, source: Uint8Array, payload: Uint8Array): void {
    this.opener.flows.fromSource(entrance, source, undefined, 0, payload, 0, payload.length, this.nowMs);
    this.opener.batch.flush();
  }

  reply(flow: AcceptedFlow<TargetSocket>, payload: Uint8Array): void {
    flow.flows.fromTarget(flow, payload, 0, payload.length, this.nowMs);
    this.acceptor.batch.flush();
  }

  /** Delivers what is under way, and lets time pass. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const nextMs = Math.min(
        this.#flying[0]?.atMs ?? Infinity,
        this.opener.idle.nextExpiryMs,
        this.acceptor.idle.nextExpiryMs,
      );
      if (nextMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      while (this.#flying[0] !== undefined && this.#flying[0].atMs <= this.nowMs) this.#deliver(this.#flying.shift());
      for (const peer of [this.acceptor, this.opener]) {
        peer.idle.expire(this.nowMs);
        peer.batch.flush();
      }
    }
    this.nowMs = Math.min(untilMs, END_OF_SIMULATION_MS);
  }

  #sendBatch({ bytes, offsets, lengths, count }: PacketBatch, to: Opener | Acceptor): number {
    const taken = this.#random() < this.conditions.congestion ? Math.floor(this.#random() * count) : count;
    for (let i = 0; i < taken; i++) {
      const offset = offsets[i] ?? 0;
      this.#fly(bytes.slice(offset, offset + (lengths[i] ?? 0)), to);
    }
    return taken;
  }

  #fly(packet: Uint8Array, to: Opener | Acceptor): void {
    this.packets++;
    const { loss, duplication, maxDelayMs } = this.conditions;
    const copies = this.#random() < loss ? 0 : this.#random() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const atMs = this.nowMs + Math.floor(this.#random() * (maxDelayMs + 1));
      const before = this.#flying.findLastIndex((other) => other.atMs <= atMs);
      this.#flying.splice(before + 1, 0, { atMs, to, packet: packet.slice() });
    }
  }

  #deliver(flying: Flying | undefined): void {
    if (flying?.to.session?.opens(flying.packet) !== true) return;
    const { to, packet } = flying;
    const end = packet.length - AEAD_TAG_BYTES;
    for (let offset = TRANSPORT_HEADER_BYTES; offset < end;) {
      const next = nextFrame(packet, offset, end);
      if (next < 0) throw new Error('a peer has sent a wrong frame');
      const code = this.take(to, frameType(packet, offset), packet, offset, next);
      if (code < 0) to.packetDrops.count(code);
      offset = next;
    }
    to.batch.flush();
  }

  /** Gives a frame to a peer, as if it had come in its session. */
  take(to: Opener | Acceptor, type: number, bytes: Uint8Array, offset: number, end: number): number {
    const { fragments } = to;
    return to instanceof Opener
      ? this.#openerFrames.take<TargetSocket>(
          { opened: to.flows, accepted: undefined, fragments },
          type,
          bytes,
          offset,
          end,
          this.nowMs,
        )
      : this.#acceptorFrames.take<TargetSocket>(
          { opened: undefined, accepted: to.flows, fragments },
          type,
          bytes,
          offset,
          end,
          this.nowMs,
        );
  }
}

/** Numbers from 0 to below 1 (mulberry32): the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
