import { FLOW_CLOSE } from '@relay/packet';
import type { Datagram } from '../datagram.js';
import type { ModeTraffic, Traffic } from '../traffic.js';
import type { FlowGroup } from './flow-group.js';
import type { Idler } from './idle-queue.js';

/**
 * One of the two ends that a flow joins: a listener, a tunnel or an upstream. It belongs to one
 * flow.
 */
export interface End {
  /** The group of its flow, where the end knows better than who opens the flow. */
  readonly group?: FlowGroup<Flow> | undefined;
  /** After how many ms without a datagram its peer forgets the flow, where the peer has told. */
  readonly peerIdleMs?: number | undefined;
  /** Packed endpoint to which it sends, where that is not the flow's target. */
  readonly target?: Uint8Array | undefined;
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
   * The flow ends after its last datagram, which the end has been given: if it waits, it is still
   * sent. Called before {@link close}.
   */
  finish?(): void;
  /** The source's next datagram belongs to another flow, though this one goes on. */
  release?(): void;
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

/** What has passed so far, as far as it says how much the flow is needed. */
const STAGE = { new: 0, answered: 1, assured: 2 } as const;

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
  readonly group: FlowGroup<Flow>;
  /**
   * After how many ms without a datagram in either direction it ends (RFC 4787 REQ-5, REQ-6): of
   * its mapping, or of the peer at its target's end, which would forget it earlier.
   */
  readonly idleMs: number;
  lastActivityMs: number;
  readonly #keeper: FlowKeeper;
  #stage: number = STAGE.new;
  /** Whether its datagrams count towards its end. */
  readonly #isCounted: boolean;
  readonly #repliesToEach: number;
  #requestsLeft: number;
  #repliesLeft = 0;

  constructor(keeper: FlowKeeper, group: FlowGroup<Flow>, { source, target }: Opening, ends: readonly [End, End]) {
    const { idleMs, replies, requests } = group.settings;
    this.#keeper = keeper;
    this.group = group;
    this.source = source.slice();
    this.target = target.slice();
    [this.sourceEnd, this.targetEnd] = ends;
    this.idleMs = Math.min(idleMs, this.targetEnd.peerIdleMs ?? Infinity);
    this.lastActivityMs = 0;
    this.#isCounted = replies !== undefined || requests !== undefined;
    this.#repliesToEach = replies ?? Infinity;
    this.#requestsLeft = requests ?? Infinity;
  }

  /** The counts of the datagrams from its target, which outlive the flow. */
  get fromTarget(): Traffic {
    return this.#keeper.traffic.fromTarget;
  }

  /** A datagram came from the source. It is counted as received already. */
  toTarget(datagram: Datagram, nowMs: number): void {
    if (this.#stage === STAGE.answered) this.#assure();
    this.targetEnd.send(datagram, this.#keeper.traffic.toTarget, nowMs);
    this.lastActivityMs = nowMs; // the end has seen when the flow was active before
    if (this.#isCounted) this.#countRequest(nowMs);
  }

  /** A datagram came from the target: a reply. */
  toSource(datagram: Datagram, nowMs: number): void {
    const { fromTarget } = this.#keeper.traffic;
    fromTarget.received(datagram.length);
    this.lastActivityMs = nowMs;
    if (this.#stage === STAGE.new) this.#stage = STAGE.answered;
    this.sourceEnd.send(datagram, fromTarget, nowMs);
    if (this.#isCounted) this.#countReply(nowMs);
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

  #assure(): void {
    this.#stage = STAGE.assured;
    this.group.assure(this);
  }

  #countRequest(nowMs: number): void {
    this.#repliesLeft += this.#repliesToEach;
    if (--this.#requestsLeft > 0) return;
    if (this.#repliesLeft > 0) return this.sourceEnd.release?.();
    this.targetEnd.finish?.();
    this.end(FLOW_CLOSE.closed, nowMs);
  }

  #countReply(nowMs: number): void {
    if (--this.#repliesLeft === 0) this.end(FLOW_CLOSE.closed, nowMs);
  }
}
