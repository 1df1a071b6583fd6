import { FLOW_CLOSE } from '@relay/packet';
import type { Identity } from './identity.js';
import { LazyQueue } from './lazy-queue.js';

/** The settings of a mapping for its flows. */
export interface FlowMapping {
  /** After how many ms without a datagram in either direction a flow ends. */
  idleMs: number;
  maxFlows: number;
  /**
   * A flow ends after so many replies to each of its requests; 0: none is waited for. Undefined:
   * any number.
   */
  replies?: number | undefined;
  /** How the target learns the source; undefined: not at all. */
  identity?: Identity | undefined;
  /** The source's next datagram after so many opens another flow. Undefined: any number. */
  requests?: number | undefined;
}

/** A flow, as its group sees it. */
export interface Member {
  readonly lastActivityMs: number;
  readonly idleMs: number;
  /** Ends it, for a reason out of `FLOW_CLOSE` of @relay/packet; the group is told. */
  end(reason: number, nowMs: number): void;
}

const lastActivityMs = (flow: Member): number => flow.lastActivityMs;

/**
 * The flows of one mapping, or all that one client has opened: they share a limit. At the limit the
 * flow that was active the longest time ago gives way, so that a source which nobody answers closes
 * the mapping to nobody.
 *
 * A flow is *assured* once its source has sent again after an answer: it is more than a question
 * and its reply, and nobody can pretend to be its source.
 */
export class FlowGroup<Item extends Member = Member> {
  readonly settings: FlowMapping;
  readonly #fresh = new LazyQueue<Item>(lastActivityMs);
  readonly #assured = new LazyQueue<Item>(lastActivityMs);

  /** Changes of `settings` hold for new flows. */
  constructor(settings: FlowMapping) {
    this.settings = settings;
  }

  get size(): number {
    return this.#fresh.size + this.#assured.size;
  }

  /**
   * Makes room for one more flow: one gives way if the group is full, or if all flows of the
   * program together are too many (`isFull`). Flows that are not assured hold at most half of the
   * group. An assured one gives way only after half of its idle time. Returns whether there is
   * room.
   */
  makeRoom(isFull: boolean, nowMs: number): boolean {
    const { maxFlows } = this.settings;
    const hasRoom = !isFull && this.size < maxFlows;
    if (hasRoom && this.#fresh.size < Math.ceil(maxFlows / 2)) return true;
    const leaving = this.#fresh.first() ?? this.#idleAssured(nowMs);
    leaving?.end(FLOW_CLOSE.idle, nowMs);
    return leaving !== undefined;
  }

  /** The flows as they are now; they may end while the caller looks at them. */
  [Symbol.iterator](): Iterator<Item> {
    return [...this.#fresh, ...this.#assured].values();
  }

  /** Ends all flows, for a reason out of `FLOW_CLOSE` of @relay/packet. */
  end(reason: number, nowMs: number): void {
    for (const flow of this) flow.end(reason, nowMs);
  }

  // Called by flows and their table.

  add(flow: Item): void {
    this.#fresh.add(flow);
  }

  assure(flow: Item): void {
    if (this.#fresh.remove(flow)) this.#assured.add(flow);
  }

  remove(flow: Item): void {
    if (!this.#fresh.remove(flow)) this.#assured.remove(flow);
  }

  #idleAssured(nowMs: number): Item | undefined {
    const flow = this.#assured.first();
    return flow !== undefined && nowMs - flow.lastActivityMs >= flow.idleMs / 2 ? flow : undefined;
  }
}
