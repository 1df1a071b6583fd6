/**
 * Two peers with flows between them, joined by a wire that loses, delays and repeats packets as a
 * seed says.
 */
import {
  AEAD_TAG_BYTES,
  DropCounters,
  frameType,
  nextFrame,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  TRANSPORT_HEADER_BYTES,
  type DatagramBatch,
  type DropReason,
} from '@relay/packet';
import { DatagramRun } from '../../src/batch/datagram-run.js';
import { DatagramWriter } from '../../src/batch/datagram-writer.js';
import { PacketBatch } from '../../src/batch/packet-batch.js';
import { Datagram } from '../../src/datagram.js';
import { Fragments } from '../../src/ends/fragments.js';
import { Listener, ListenerPort } from '../../src/ends/listener.js';
import { Tunnel } from '../../src/ends/tunnel.js';
import type { End, Flow, Opening } from '../../src/flow/flow.js';
import type { Side } from '../../src/flow/flow-ids.js';
import { FlowGroup } from '../../src/flow/flow-group.js';
import { FlowTable } from '../../src/flow/flow-table.js';
import { IdleQueue } from '../../src/flow/idle-queue.js';
import { admitFromListener } from '../../src/modes/forward.js';
import { Notices } from '../../src/notices.js';
import { ModeTraffic, type Traffic } from '../../src/traffic.js';
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

/** Stands for a target: an end that is reached without a socket. */
export class TargetEnd implements End {
  flow: Flow | undefined;
  readonly #acceptor: Acceptor;

  constructor(acceptor: Acceptor) {
    this.#acceptor = acceptor;
  }

  attach(flow: Flow): void {
    this.flow = flow;
    this.#acceptor.targets.add(this);
  }

  send({ bytes, offset, length }: Datagram, traffic: Traffic): void {
    if (this.flow === undefined) throw new Error('the flow has ended');
    const payload = bytes.slice(offset, offset + length);
    traffic.sent(length);
    this.#acceptor.arrivals.push({ source: this.flow.source, target: this.flow.target, payload });
    this.#acceptor.arrived(this.flow, payload);
  }

  close(): void {
    this.flow = undefined;
    this.#acceptor.targets.delete(this);
  }
}

export function packed(address: string, port: number): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, bytes, 0);
  return bytes;
}

/** What both peers have. */
class Peer {
  readonly traffic = new ModeTraffic();
  readonly packetDrops = new DropCounters();
  readonly idle = new IdleQueue();
  readonly arrivals: Arrival[] = [];
  readonly notices = new Notices();
  readonly fragments = new Fragments(FRAGMENT_LIMITS, this.idle, this.packetDrops);
  readonly batch: PacketBatch;
  readonly writer: DatagramWriter;
  session: PlainSession | undefined;

  constructor(send: (batch: PacketBatch) => number) {
    this.batch = new PacketBatch(send);
    this.writer = new DatagramWriter(this.batch);
  }
}

export class Opener extends Peer {
  readonly run = new DatagramRun();
  readonly flows = new FlowTable(this.traffic, this.idle);
  readonly tunnel: Tunnel;

  constructor(side: Side, send: (batch: PacketBatch) => number) {
    super(send);
    const { writer, idle, fragments, notices } = this;
    this.tunnel = new Tunnel({
      ...{ side, writer, idle, fragments, notices },
      table: this.flows,
      opened: this.traffic,
    });
  }

  /** The reasons for which the peer has refused flows since the last call. */
  get refusals(): DropReason[] {
    return this.notices.take().flatMap((notice) => (notice.kind === 'refused' ? [notice.reason] : []));
  }

  begin(session: PlainSession | undefined, nowMs: number): void {
    this.session = session;
    if (session === undefined) this.tunnel.lose(nowMs);
    else this.tunnel.begin(session, nowMs);
  }
}

export class Acceptor extends Peer {
  readonly targets = new Set<TargetEnd>();
  /** 0, or the code against a new flow. */
  verdict: (opening: Opening) => number = () => 0;
  arrived: (flow: Flow, payload: Uint8Array) => void = () => undefined;
  flows: FlowTable;
  tunnel: Tunnel;
  readonly #newTunnel: () => Tunnel;

  constructor(side: Side, limits: AcceptorLimits, send: (batch: PacketBatch) => number) {
    super(send);
    const newTable = (): FlowTable => new FlowTable(this.traffic, this.idle);
    const { writer, idle, fragments, notices } = this;
    this.flows = newTable();
    this.#newTunnel = () => {
      const table = (this.flows = newTable());
      const admit = (opening: Opening): End | number => {
        const code = this.verdict(opening);
        return code < 0 ? code : new TargetEnd(this);
      };
      return new Tunnel({
        ...{ side, writer, idle, fragments, notices, table, admit },
        opened: this.traffic,
        group: new FlowGroup({ ...limits }),
      });
    };
    this.tunnel = this.#newTunnel();
  }

  begin(session: PlainSession | undefined, nowMs: number): void {
    this.session = session;
    if (session === undefined) this.tunnel.lose(nowMs);
    else this.tunnel.begin(session, nowMs);
  }

  /** Forgets all flows, without a word to the peer. */
  forget(nowMs: number): void {
    this.tunnel.lose(nowMs);
    this.flows.endAll(nowMs);
    this.tunnel = this.#newTunnel();
    this.begin(this.session, nowMs);
  }
}

/** A port where sources' datagrams arrive, whose target is `target`. */
export class Entrance {
  readonly listener: Listener;
  readonly port: ListenerPort;
  readonly target: Uint8Array | undefined;

  constructor(opener: Opener, target: Uint8Array | undefined, maxFlows: number, idleMs: number) {
    this.target = target;
    this.port = new ListenerPort({
      sendBatch: ({ bytes, offsets, lengths, destinations = new Uint8Array(0), count }) => {
        for (let i = 0; i < count; i++) {
          const [at, offset] = [i * PACKED_ENDPOINT_BYTES, offsets[i] ?? 0];
          const source = destinations.slice(at, at + PACKED_ENDPOINT_BYTES);
          const payload = bytes.slice(offset, offset + (lengths[i] ?? 0));
          opener.arrivals.push({ source, target: target ?? source, payload });
        }
        return count;
      },
    });
    this.port.target = target;
    const admit = (): End | number => admitFromListener(opener.tunnel);
    this.listener = new Listener({ maxFlows, idleMs }, [this.port], { table: opener.flows, run: opener.run, admit });
  }

  /** The flow of this source. */
  flowOf(source: Uint8Array, local: Uint8Array = NO_LOCAL): Flow | undefined {
    return this.port.flows.get(source, local, 0);
  }
}

/** How many flows an acceptor takes, and for how long each stays without a datagram. */
export interface AcceptorLimits {
  readonly maxFlows: number;
  readonly idleMs: number;
}

const NO_LOCAL = new Uint8Array(PACKED_ENDPOINT_BYTES);

/** A batch of one datagram from this source to this local address. */
export const batchOf = (payload: Uint8Array, source: Uint8Array, local: Uint8Array = NO_LOCAL): DatagramBatch => ({
  count: 1,
  bytes: payload,
  offsets: Uint32Array.of(0),
  lengths: Uint32Array.of(payload.length),
  sources: source,
  locals: local,
});

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
  readonly #flying: Flying[] = [];
  #sessions = 0;

  constructor(side: Side, seed: number, limits: AcceptorLimits, conditions: Conditions = PERFECT) {
    this.#random = randomOf(seed);
    this.conditions = conditions;
    this.opener = new Opener(side, (batch) => this.#sendBatch(batch, this.acceptor));
    this.acceptor = new Acceptor(side === 'client' ? 'server' : 'client', limits, (batch) =>
      this.#sendBatch(batch, this.opener),
    );
  }

  get isQuiet(): boolean {
    return this.#flying.length === 0;
  }

  /** A new session on both sides; what is still under way belongs to the old one. */
  connect(): void {
    this.disconnect();
    this.opener.begin(this.newSession(this.acceptor), this.nowMs);
    this.acceptor.begin(this.newSession(this.opener), this.nowMs);
    this.#sessions++;
  }

  disconnect(): void {
    for (const { session } of [this.opener, this.acceptor]) if (session !== undefined) session.isOpen = false;
    this.opener.begin(undefined, this.nowMs);
    this.acceptor.begin(undefined, this.nowMs);
  }

  /**
   * One end of the session whose packets go to the other. Both ends are made before the next pair.
   */
  newSession(to: Opener | Acceptor): PlainSession {
    const from = to === this.opener ? this.acceptor : this.opener;
    return new PlainSession(this.#sessions, this.conditions.maxFramesBytes, (packet) => {
      from.batch.flush(); // packets leave in the order in which they were sealed
      this.#fly(packet, to);
    });
  }

  entrance(target: Uint8Array | undefined, maxFlows: number, idleMs: number): Entrance {
    return new Entrance(this.opener, target, maxFlows, idleMs);
  }

  send({ listener, port }: Entrance, source: Uint8Array, payload: Uint8Array, local?: Uint8Array): void {
    listener.receive(port, batchOf(payload, source, local), 0, this.nowMs);
    this.opener.batch.flush();
  }

  reply(flow: Flow, payload: Uint8Array): void {
    flow.toSource(new Datagram().show(payload, 0, payload.length), this.nowMs);
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
    const code = to.tunnel.take({ type, bytes, offset, end }, this.nowMs);
    this.opener.run.flush();
    return code;
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
