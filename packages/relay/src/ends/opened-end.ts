import type { DropReason } from '@relay/packet';
import type { DatagramHeading } from '../batch/datagram-writer.js';
import type { Datagram } from '../datagram.js';
import type { End, Flow, Opening } from '../flow/flow.js';
import type { Traffic } from '../traffic.js';
import { refusalCode, refusalOf } from './close-reason.js';
import { closeFlow } from './flow-notices.js';
import type { TunnelLink } from './tunnel-link.js';

/**
 * After the peer refused a flow, its datagrams are dropped here for this time: policies seldom
 * change within a second.
 */
const REFUSAL_MS = 1000;

/**
 * The tunnel's end of a flow that began here: its datagrams carry their endpoints until the peer
 * knows the flow, and only its id after that.
 */
export class OpenedEnd implements End, DatagramHeading {
  readonly id: number;
  /** Whether the peer knows the flow. */
  isAcknowledged = false;
  readonly #link: TunnelLink;
  readonly #registry: Map<number, OpenedEnd>;
  #flow: Flow | undefined;
  /** The peer refused the flow: datagrams are dropped here until this time, for this code. */
  #refusedUntilMs = -Infinity;
  #refusal = 0;

  /** `registry`: the ends by id; it has this one as long as its flow is open. */
  constructor(id: number, link: TunnelLink, registry: Map<number, OpenedEnd>) {
    this.id = id;
    this.#link = link;
    this.#registry = registry;
  }

  get flow(): Flow | undefined {
    return this.#flow;
  }

  get endpoints(): Opening | undefined {
    return this.isAcknowledged ? undefined : this.#flow;
  }

  attach(flow: Flow): void {
    this.#flow = flow;
    this.#registry.set(this.id, this);
  }

  get peerIdleMs(): number | undefined {
    return this.#link.session?.peerParameters?.flowIdleMs;
  }

  send(datagram: Datagram, traffic: Traffic, nowMs: number): void {
    if (nowMs < this.#refusedUntilMs) return traffic.dropped(this.#refusal);
    if (this.isAcknowledged && this.#mayBeForgotten(nowMs)) this.isAcknowledged = false;
    this.#link.send(this, datagram, traffic, nowMs);
  }

  /** The peer's clock and the way to it may differ from ours by up to half of the idle time. */
  #mayBeForgotten(nowMs: number): boolean {
    if (this.#flow === undefined) return false;
    return nowMs - this.#flow.lastActivityMs > (this.peerIdleMs ?? this.#flow.idleMs) / 2;
  }

  /**
   * The peer has closed its side. The source's next datagram opens the flow again, unless the peer
   * refuses it. Returns the reason of the refusal, where that is news.
   */
  closedByPeer(closeReason: number, nowMs: number): DropReason | undefined {
    this.isAcknowledged = false;
    const reason = refusalOf(closeReason);
    if (reason === undefined) return undefined;
    const isKnown = nowMs < this.#refusedUntilMs;
    if (reason !== 'unreachable') {
      this.#refusal = refusalCode(reason);
      this.#refusedUntilMs = nowMs + REFUSAL_MS;
    }
    return isKnown ? undefined : reason;
  }

  /** Tells the peer, which may know the flow even if its acknowledgement has not come. */
  close(reason: number, nowMs: number): void {
    this.#registry.delete(this.id);
    if (this.#link.session !== undefined) closeFlow(this.#link.session, this.id, reason, nowMs);
  }
}
