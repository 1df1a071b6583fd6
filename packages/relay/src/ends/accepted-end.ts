import { DROP, FLOW_CLOSE } from '@relay/packet';
import type { DatagramHeading } from '../batch/datagram-writer.js';
import type { Datagram } from '../datagram.js';
import type { End, Flow } from '../flow/flow.js';
import type { Traffic } from '../traffic.js';
import { acknowledgeFlow, closeFlow } from './flow-notices.js';
import type { TunnelLink } from './tunnel-link.js';

/** The least time between two acknowledgements: a burst needs one, a lost one needs another. */
const ACKNOWLEDGE_EVERY_MS = 20;
/** The least time between two warnings that the target cannot be reached. */
const WARN_EVERY_MS = 1000;

/** The tunnel's end of a flow that the peer opened: replies carry the id that the peer chose. */
export class AcceptedEnd implements End, DatagramHeading {
  /** The peer knows the endpoints. */
  readonly endpoints = undefined;
  readonly #link: TunnelLink;
  readonly #registry: Map<number, AcceptedEnd>;
  #id: number;
  #flow: Flow | undefined;
  #acknowledgedMs = -Infinity;
  #warnedMs = -Infinity;
  #isKnownToPeer = true;

  /** `registry`: the ends by id; it has this one as long as the peer knows its flow. */
  constructor(id: number, link: TunnelLink, registry: Map<number, AcceptedEnd>) {
    this.#id = id;
    this.#link = link;
    this.#registry = registry;
  }

  get id(): number {
    return this.#id;
  }

  /** Undefined after it has ended. */
  get flow(): Flow | undefined {
    return this.#flow;
  }

  attach(flow: Flow): void {
    this.#flow = flow;
    this.#registry.set(this.#id, this);
  }

  /** The peer has lost the flow, with its session: nothing is sent until it claims the flow. */
  lose(): void {
    this.#isKnownToPeer = false;
    this.#registry.delete(this.#id);
  }

  /** The peer has named the flow's endpoints again, under this id. */
  claim(id: number): void {
    this.#id = id;
    this.#isKnownToPeer = true;
    this.#acknowledgedMs = -Infinity;
    this.#registry.set(id, this);
  }

  /** Acknowledges the flow to the peer, unless it has just done so. */
  acknowledge(nowMs: number): void {
    if (this.#link.session === undefined || nowMs - this.#acknowledgedMs < ACKNOWLEDGE_EVERY_MS) return;
    this.#acknowledgedMs = nowMs;
    acknowledgeFlow(this.#link.session, this.#id, nowMs);
  }

  send(datagram: Datagram, traffic: Traffic, nowMs: number): void {
    if (this.#isKnownToPeer) this.#link.send(this, datagram, traffic, nowMs);
    else traffic.dropped(DROP.noSession);
  }

  /** The peer says so where its people look, and names the endpoints of the flow again. */
  warn(nowMs: number): void {
    if (!this.#isKnownToPeer || this.#link.session === undefined || nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    this.#warnedMs = nowMs;
    closeFlow(this.#link.session, this.#id, FLOW_CLOSE.unreachable, nowMs);
  }

  /** Tells the peer, unless it has lost the flow. */
  close(reason: number, nowMs: number): void {
    this.#flow = undefined;
    if (!this.#isKnownToPeer) return;
    this.lose();
    if (this.#link.session !== undefined) closeFlow(this.#link.session, this.#id, reason, nowMs);
  }
}
