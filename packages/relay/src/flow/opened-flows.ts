/**
 * Flows that begin here: a source's datagram arrives at an entrance and is sent to the peer, which
 * reaches the target. On a client these are its forwards, on a server what it publishes.
 */
import {
  copyPackedEndpoint,
  DROP,
  FLOW_CLOSE,
  PACKED_ENDPOINT_BYTES,
  type DropReason,
  type EndpointMap,
} from '@relay/packet';
import type { Session } from '@relay/session';
import { refusalCode, refusalOf } from './close-reason.js';
import type { DatagramWriter } from '../batch/datagram-writer.js';
import { FlowIds, type Side } from './flow.js';
import { AnswerLimit, closeFlow } from './flow-notices.js';
import type { IdleQueue, Idler } from './idle-queue.js';
import type { ModeTraffic } from '../traffic.js';

/**
 * How long a flow's datagrams are dropped here after the peer refused it: policies seldom change
 * within a second.
 */
const REFUSAL_MS = 1000;

/** What a mapping settles for its flows. */
export interface FlowMapping {
  /**
   * After how many ms without a datagram in either direction a flow ends (RFC 4787 REQ-5, REQ-6).
   */
  readonly idleMs: number;
  readonly maxFlows: number;
  /** How many there are now; kept by {@link OpenedFlows}. */
  flowCount: number;
}

/** One port of a mapping, on which sources' datagrams arrive. */
export interface Entrance {
  readonly mapping: FlowMapping;
  /** Packed endpoint that datagrams are for; undefined while its name is not resolved. */
  readonly target: Uint8Array | undefined;
  /** Kept by {@link OpenedFlows}. */
  readonly flowBySource: EndpointMap<OpenedFlow>;
}

/** One source at one entrance. */
export class OpenedFlow implements Idler {
  readonly id: number;
  readonly entrance: Entrance;
  /** Packed endpoints. */
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  /**
   * Packed endpoint of ours to which the source sent last, and from which replies leave; undefined:
   * the system chooses.
   */
  readonly local: Uint8Array | undefined;
  readonly idleMs: number;
  lastActivityMs: number;
  /** Whether the peer knows the flow, so that compact datagrams serve. */
  isAcknowledged = false;
  /**
   * Until when datagrams are dropped here, since the peer refused the flow, and the code of the
   * reason.
   */
  refusedUntilMs = -Infinity;
  refusal = 0;
  readonly #flows: OpenedFlows;

  constructor(
    flows: OpenedFlows,
    id: number,
    entrance: Entrance,
    source: Uint8Array,
    target: Uint8Array,
    local: Uint8Array | undefined,
    nowMs: number,
  ) {
    this.#flows = flows;
    this.id = id;
    this.entrance = entrance;
    this.source = source;
    this.target = target;
    this.local = local;
    this.idleMs = entrance.mapping.idleMs;
    this.lastActivityMs = nowMs;
  }

  expire(nowMs: number): void {
    this.#flows.end(this, FLOW_CLOSE.idle, nowMs);
  }
}

/**
 * What the program does for its opened flows. Calls are synchronous; bytes are valid during the
 * call.
 */
export interface OpenedFlowPorts {
  /** Sends a datagram to the source of the flow, and counts what becomes of it in `fromTarget`. */
  toSource(flow: OpenedFlow, bytes: Uint8Array, offset: number, length: number): void;
  /** The peer will not carry the flow for now. */
  refused(flow: OpenedFlow, reason: DropReason): void;
}

export class OpenedFlows {
  readonly traffic: ModeTraffic;
  readonly #ports: OpenedFlowPorts;
  readonly #writer: DatagramWriter;
  readonly #idle: IdleQueue;
  readonly #byId = new Map<number, OpenedFlow>();
  readonly #answers = new AnswerLimit();
  readonly #ids: FlowIds;
  #session: Session | undefined;

  constructor(side: Side, writer: DatagramWriter, idle: IdleQueue, traffic: ModeTraffic, ports: OpenedFlowPorts) {
    this.#ids = new FlowIds(side);
    this.#writer = writer;
    this.#idle = idle;
    this.traffic = traffic;
    this.#ports = ports;
  }

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): Iterator<OpenedFlow> {
    return this.#byId.values();
  }

  /** A new session, or none: its peer knows no flow, and learns of each by the next datagram. */
  setSession(session: Session | undefined): void {
    this.#session = session;
    for (const flow of this.#byId.values()) flow.isAcknowledged = false;
  }

  /**
   * A datagram came from the source (packed endpoint) at `sources[at]` to the local address at
   * `locals[at]`, where that is to be remembered, at an entrance.
   */
  fromSource(
    entrance: Entrance,
    sources: Uint8Array,
    locals: Uint8Array | undefined,
    at: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    nowMs: number,
  ): void {
    const traffic = this.traffic.toTarget;
    traffic.received(length);
    const flow = this.#flowOf(entrance, sources, locals, at, nowMs);
    const code = typeof flow === 'number' ? flow : this.#send(flow, bytes, offset, length, nowMs);
    if (code < 0) traffic.dropped(code);
  }

  /** A compact datagram came from the peer: a reply. */
  fromPeer(id: number, bytes: Uint8Array, offset: number, length: number, nowMs: number): void {
    this.traffic.fromTarget.received(length);
    const flow = this.#byId.get(id);
    if (flow === undefined) {
      this.traffic.fromTarget.dropped(DROP.unknownFlow);
      if (this.#session !== undefined && this.#answers.take(nowMs))
        closeFlow(this.#session, id, FLOW_CLOSE.closed, nowMs);
      return;
    }
    flow.lastActivityMs = nowMs;
    this.#ports.toSource(flow, bytes, offset, length);
  }

  acknowledged(id: number): void {
    const flow = this.#byId.get(id);
    if (flow !== undefined) flow.isAcknowledged = true;
  }

  /** The peer does not know the flow: addressed datagrams again. */
  disowned(id: number): void {
    const flow = this.#byId.get(id);
    if (flow !== undefined) flow.isAcknowledged = false;
  }

  /**
   * The peer has closed its side of the flow; the source's next datagram opens it again, unless the
   * peer refuses.
   */
  closed(id: number, closeReason: number, nowMs: number): void {
    const flow = this.#byId.get(id);
    if (flow === undefined) return;
    flow.isAcknowledged = false;
    const reason = refusalOf(closeReason);
    if (reason === undefined) return;
    const isKnown = nowMs < flow.refusedUntilMs;
    if (reason !== 'unreachable') {
      flow.refusal = refusalCode(reason);
      flow.refusedUntilMs = nowMs + REFUSAL_MS;
    }
    if (!isKnown) this.#ports.refused(flow, reason);
  }

  /**
   * Ends a flow and tells the peer, which may know the flow though its acknowledgement has not
   * come.
   */
  end(flow: OpenedFlow, closeReason: number, nowMs: number): void {
    if (!this.#byId.delete(flow.id)) return;
    this.#idle.remove(flow);
    flow.entrance.flowBySource.delete(flow.source, 0);
    flow.entrance.mapping.flowCount--;
    if (this.#session !== undefined) closeFlow(this.#session, flow.id, closeReason, nowMs);
  }

  /** Ends all flows, those of one entrance if one is given. */
  endAll(nowMs: number, entrance?: Entrance): void {
    for (const flow of [...this.#byId.values()])
      if (entrance === undefined || flow.entrance === entrance) this.end(flow, FLOW_CLOSE.closed, nowMs);
  }

  /** The flow of the source, opened if need be, or the code of the reason against it. */
  #flowOf(
    entrance: Entrance,
    sources: Uint8Array,
    locals: Uint8Array | undefined,
    at: number,
    nowMs: number,
  ): OpenedFlow | number {
    if (this.#session === undefined) return DROP.noSession;
    const known = entrance.flowBySource.get(sources, at);
    if (known !== undefined) {
      if (locals !== undefined && known.local !== undefined) copyPackedEndpoint(locals, at, known.local, 0);
      return known;
    }
    const { mapping, target } = entrance;
    if (target === undefined) return DROP.resolving;
    if (mapping.flowCount >= mapping.maxFlows) return DROP.flowLimit;
    return this.#open(entrance, packedAt(sources, at), target, locals && packedAt(locals, at), nowMs);
  }

  #send(flow: OpenedFlow, bytes: Uint8Array, offset: number, length: number, nowMs: number): number {
    flow.lastActivityMs = nowMs;
    if (nowMs < flow.refusedUntilMs) return flow.refusal;
    const session = this.#session;
    if (session === undefined) return DROP.noSession;
    const addressed = flow.isAcknowledged ? undefined : flow;
    return this.#writer.write(session, flow.id, addressed, bytes, offset, length, nowMs, this.traffic.toTarget);
  }

  #open(
    entrance: Entrance,
    source: Uint8Array,
    target: Uint8Array,
    local: Uint8Array | undefined,
    nowMs: number,
  ): OpenedFlow {
    const { mapping, flowBySource } = entrance;
    const id = this.#ids.take((used) => this.#byId.has(used));
    const flow = new OpenedFlow(this, id, entrance, source, target, local, nowMs);
    mapping.flowCount++;
    this.#byId.set(flow.id, flow);
    flowBySource.set(source, 0, flow);
    this.#idle.add(flow);
    return flow;
  }
}

const packedAt = (bytes: Uint8Array, at: number): Uint8Array => bytes.slice(at, at + PACKED_ENDPOINT_BYTES);
