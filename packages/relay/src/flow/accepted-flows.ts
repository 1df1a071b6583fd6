/**
 * Flows that the peer opened and whose targets are reached from here. On a server these are its
 * clients' forwards, on a client what it publishes.
 */
import { DROP, equalPackedEndpoints, FLOW_CLOSE, type AddressedFields } from '@relay/packet';
import type { Session } from '@relay/session';
import { closeReasonOf } from './close-reason.js';
import type { DatagramWriter } from '../batch/datagram-writer.js';
import { acknowledgeFlow, AnswerLimit, closeFlow, disownFlow } from './flow-notices.js';
import type { IdleQueue, Idler } from './idle-queue.js';
import type { ModeTraffic } from '../traffic.js';

/** How often a flow is acknowledged at most: a burst needs one answer, a lost answer another. */
const ACKNOWLEDGE_EVERY_MS = 20;

/**
 * One source and one target, as the peer named them. `S` is what the program reaches the target
 * with.
 */
export class AcceptedFlow<S> implements Idler {
  readonly id: number;
  /** Packed endpoints. */
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly idleMs: number;
  readonly flows: AcceptedFlows<S>;
  lastActivityMs: number;
  acknowledgedMs = -Infinity;
  /** Set by the program when it accepts the flow. */
  socket: S | undefined;

  constructor(
    flows: AcceptedFlows<S>,
    { flowId, source, destination }: AddressedFields,
    idleMs: number,
    nowMs: number,
  ) {
    this.flows = flows;
    this.id = flowId;
    this.source = source.slice();
    this.target = destination.slice();
    this.idleMs = idleMs;
    this.lastActivityMs = nowMs;
  }

  expire(nowMs: number): void {
    this.flows.end(this, FLOW_CLOSE.idle, nowMs);
  }
}

/**
 * What the program does for the flows that it accepts. Calls are synchronous; bytes are valid
 * during the call.
 */
export interface AcceptedFlowPorts<S> {
  /** Admits a new flow and sets its `socket`, or returns the code of the reason against it. */
  accept(flow: AcceptedFlow<S>, nowMs: number): number;
  /** Sends a datagram to the flow's target, and counts what becomes of it in `toTarget`. */
  toTarget(flow: AcceptedFlow<S>, bytes: Uint8Array, offset: number, length: number): void;
  /** The flow has ended: its socket can go. */
  ended(flow: AcceptedFlow<S>): void;
}

export interface AcceptedFlowLimits {
  readonly maxFlows: number;
  readonly idleMs: number;
}

export class AcceptedFlows<S> {
  readonly session: Session;
  readonly traffic: ModeTraffic;
  readonly #limits: AcceptedFlowLimits;
  readonly #ports: AcceptedFlowPorts<S>;
  readonly #writer: DatagramWriter;
  readonly #idle: IdleQueue;
  readonly #byId = new Map<number, AcceptedFlow<S>>();
  readonly #answers = new AnswerLimit();

  constructor(
    session: Session,
    writer: DatagramWriter,
    idle: IdleQueue,
    traffic: ModeTraffic,
    limits: AcceptedFlowLimits,
    ports: AcceptedFlowPorts<S>,
  ) {
    this.session = session;
    this.#writer = writer;
    this.#idle = idle;
    this.traffic = traffic;
    this.#limits = limits;
    this.#ports = ports;
  }

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): Iterator<AcceptedFlow<S>> {
    return this.#byId.values();
  }

  /** An addressed datagram came from the peer: it opens its flow if that is not open. */
  fromPeerAddressed(fields: AddressedFields, bytes: Uint8Array, nowMs: number): void {
    this.traffic.toTarget.received(fields.payloadLength);
    const flow = this.#sameFlow(fields) ?? this.#accept(fields, nowMs);
    if (flow === undefined) return;
    if (nowMs - flow.acknowledgedMs >= ACKNOWLEDGE_EVERY_MS) {
      flow.acknowledgedMs = nowMs;
      acknowledgeFlow(this.session, flow.id, nowMs);
    }
    flow.lastActivityMs = nowMs;
    this.#ports.toTarget(flow, bytes, fields.payloadOffset, fields.payloadLength);
  }

  /** A compact datagram came from the peer. */
  fromPeer(id: number, bytes: Uint8Array, offset: number, length: number, nowMs: number): void {
    this.traffic.toTarget.received(length);
    const flow = this.#byId.get(id);
    if (flow === undefined) {
      this.traffic.toTarget.dropped(DROP.unknownFlow);
      if (this.#answers.take(nowMs)) disownFlow(this.session, id, nowMs);
      return;
    }
    flow.lastActivityMs = nowMs;
    this.#ports.toTarget(flow, bytes, offset, length);
  }

  /** A datagram came from the target of a flow: a reply. */
  fromTarget(flow: AcceptedFlow<S>, bytes: Uint8Array, offset: number, length: number, nowMs: number): void {
    const traffic = this.traffic.fromTarget;
    traffic.received(length);
    flow.lastActivityMs = nowMs;
    const code = this.#writer.write(this.session, flow.id, undefined, bytes, offset, length, nowMs, traffic);
    if (code < 0) traffic.dropped(code);
  }

  /** The peer has closed its side of the flow. */
  closed(id: number): void {
    const flow = this.#byId.get(id);
    if (flow !== undefined) this.#remove(flow);
  }

  /** Ends a flow and tells the peer why: one of `FLOW_CLOSE` of @relay/packet. */
  end(flow: AcceptedFlow<S>, closeReason: number, nowMs: number): void {
    if (this.#remove(flow)) closeFlow(this.session, flow.id, closeReason, nowMs);
  }

  /** Ends all flows since the session has ended; there is nobody to tell. */
  endAll(): void {
    for (const flow of [...this.#byId.values()]) this.#remove(flow);
  }

  /**
   * The flow that the fields speak of. One of the same id with other endpoints belongs to the
   * peer's past: it ends.
   */
  #sameFlow({ flowId, source, destination }: AddressedFields): AcceptedFlow<S> | undefined {
    const flow = this.#byId.get(flowId);
    if (flow === undefined) return undefined;
    if (equalPackedEndpoints(flow.source, 0, source, 0) && equalPackedEndpoints(flow.target, 0, destination, 0))
      return flow;
    this.#remove(flow);
    return undefined;
  }

  #accept(fields: AddressedFields, nowMs: number): AcceptedFlow<S> | undefined {
    const flow = new AcceptedFlow(this, fields, this.#limits.idleMs, nowMs);
    const code = this.#byId.size >= this.#limits.maxFlows ? DROP.flowLimit : this.#ports.accept(flow, nowMs);
    if (code < 0) {
      this.traffic.toTarget.dropped(code);
      if (this.#answers.take(nowMs)) closeFlow(this.session, flow.id, closeReasonOf(code), nowMs);
      return undefined;
    }
    this.#byId.set(flow.id, flow);
    this.#idle.add(flow);
    return flow;
  }

  #remove(flow: AcceptedFlow<S>): boolean {
    if (this.#byId.get(flow.id) !== flow) return false;
    this.#byId.delete(flow.id);
    this.#idle.remove(flow);
    this.#ports.ended(flow);
    return true;
  }
}
