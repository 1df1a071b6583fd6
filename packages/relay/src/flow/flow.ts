import { FLOW_CLOSE } from '@relay/packet';
import type { Datagram } from '../datagram.js';
import type { ModeTraffic, Traffic } from '../traffic.js';
import type { Idler } from './idle-queue.js';

/**
 * One of the two ends that a flow joins: a listener, a tunnel or an upstream. It belongs to one
 * flow.
 */
export interface End {
  /** After how many ms of silence its flow ends, where the end knows better than its table. */
  readonly idleMs?: number | undefined;
  /** The flow is open: called once, before anything is sent. */
  attach(flow: Flow): void;
  /** Sends the datagram out at this end, and counts it in `traffic` as sent or dropped. */
  send(datagram: Datagram, traffic: Traffic, nowMs: number): void;
  /**
   * The other end cannot be reached for now. The end tells its peer, if it has one; the flow goes
   * on.
   */
  warn?(nowMs: number): void;
  /**
   * The flow has ended, for a reason out of `FLOW_CLOSE` of @relay/packet. The end tells its peer,
   * if it has one, and gives back its sockets and ids.
   */
  close(reason: number, nowMs: number): void;
}

/** A flow that a source asks for: packed endpoints, valid during the call. */
export interface Opening {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
}

/**
 * Decides on a new flow, and opens nothing. Returns the end at which its target is reached, or a
 * drop code.
 */
export type Admit = (opening: Opening, nowMs: number) => End | number;

/** Keeps flows; a `FlowTable` is one. */
export interface FlowKeeper {
  readonly traffic: ModeTraffic;
  /** Ends the flow for a reason out of `FLOW_CLOSE` of @relay/packet; once. */
  end(flow: Flow, reason: number, nowMs: number): void;
}

let lastId = 0;

/** One source and one target, joined by two ends, as long as datagrams pass. */
export class Flow implements Idler {
  /** Number of this flow within the process, for lists. */
  readonly id = ++lastId;
  /** Packed endpoints. */
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly sourceEnd: End;
  readonly targetEnd: End;
  /**
   * After how many ms without a datagram in either direction it ends (RFC 4787 REQ-5, REQ-6).
   */
  readonly idleMs: number;
  lastActivityMs: number;
  readonly #keeper: FlowKeeper;

  constructor(keeper: FlowKeeper, { source, target }: Opening, ends: readonly [End, End], idleMs: number) {
    this.#keeper = keeper;
    this.source = source.slice();
    this.target = target.slice();
    [this.sourceEnd, this.targetEnd] = ends;
    this.idleMs = idleMs;
    this.lastActivityMs = 0;
  }

  /** A datagram came from the source. It is counted as received already. */
  toTarget(datagram: Datagram, nowMs: number): void {
    this.lastActivityMs = nowMs;
    this.targetEnd.send(datagram, this.#keeper.traffic.toTarget, nowMs);
  }

  /** A datagram came from the target: a reply. */
  toSource(datagram: Datagram, nowMs: number): void {
    const { fromTarget } = this.#keeper.traffic;
    fromTarget.received(datagram.length);
    this.lastActivityMs = nowMs;
    this.sourceEnd.send(datagram, fromTarget, nowMs);
  }

  /** Nobody listens at the target, as far as the network knows: the source's side is told. */
  targetUnreachable(nowMs: number): void {
    this.sourceEnd.warn?.(nowMs);
  }

  /** Ends it, for a reason out of `FLOW_CLOSE` of @relay/packet. */
  end(reason: number, nowMs: number): void {
    this.#keeper.end(this, reason, nowMs);
  }

  expire(nowMs: number): void {
    this.end(FLOW_CLOSE.idle, nowMs);
  }
}
