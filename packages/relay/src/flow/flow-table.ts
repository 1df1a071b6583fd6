import { FLOW_CLOSE } from '@relay/packet';
import type { ModeTraffic } from '../traffic.js';
import { Flow, type End, type FlowKeeper, type Opening } from './flow.js';
import type { FlowGroup } from './flow-group.js';
import type { IdleQueue } from './idle-queue.js';

/** How many flows there may be, besides the limits of their groups. */
export interface TableLimits {
  readonly maxFlows?: number;
  /** A limit that several tables share. */
  readonly shared?: { readonly isFull: boolean };
}

/**
 * The flows of one client in one mode, from their opening to their end: their number, their idle
 * times and their traffic. The ends of a flow find it by its id or its source; the table does not.
 */
export class FlowTable implements FlowKeeper {
  readonly traffic: ModeTraffic;
  readonly #limits: TableLimits;
  readonly #flows = new Set<Flow>();
  readonly #idle: IdleQueue;

  constructor(traffic: ModeTraffic, idle: IdleQueue, limits: TableLimits = {}) {
    this.traffic = traffic;
    this.#idle = idle;
    this.#limits = limits;
  }

  get size(): number {
    return this.#flows.size;
  }

  [Symbol.iterator](): Iterator<Flow> {
    return this.#flows.values();
  }

  /**
   * Joins two ends, that of the source first, to a flow of this group. Returns undefined if there
   * is no room for it, and no other flow of the group gives way.
   */
  open(opening: Opening, ends: readonly [End, End], group: FlowGroup<Flow>, nowMs: number): Flow | undefined {
    const { maxFlows = Infinity, shared } = this.#limits;
    if (!group.makeRoom(this.#flows.size >= maxFlows || shared?.isFull === true, nowMs)) return undefined;
    const flow = new Flow(this, group, opening, ends);
    flow.lastActivityMs = nowMs;
    group.add(flow);
    this.#flows.add(flow);
    this.#idle.add(flow);
    for (const end of ends) end.attach(flow);
    return flow;
  }

  end(flow: Flow, reason: number, nowMs: number): void {
    if (!this.#flows.delete(flow)) return;
    this.#idle.remove(flow);
    flow.group.remove(flow);
    flow.sourceEnd.close(reason, nowMs);
    flow.targetEnd.close(reason, nowMs);
  }

  /** Ends all flows. */
  endAll(nowMs: number): void {
    for (const flow of [...this.#flows]) this.end(flow, FLOW_CLOSE.closed, nowMs);
  }
}
