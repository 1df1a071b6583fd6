import { FLOW_CLOSE } from '@relay/packet';
import type { ModeTraffic } from '../traffic.js';
import { Flow, type End, type FlowKeeper, type Opening } from './flow.js';
import type { IdleQueue } from './idle-queue.js';

/**
 * The flows of one client in one mode, from their opening to their end: their number, their idle
 * times and their traffic. The ends of a flow find it by its id or its source; the table does not.
 */
export class FlowTable implements FlowKeeper {
  readonly traffic: ModeTraffic;
  readonly maxFlows: number;
  readonly #flows = new Set<Flow>();
  readonly #idle: IdleQueue;

  constructor(traffic: ModeTraffic, idle: IdleQueue, maxFlows = Infinity) {
    this.traffic = traffic;
    this.#idle = idle;
    this.maxFlows = maxFlows;
  }

  get size(): number {
    return this.#flows.size;
  }

  /** Whether there is room for one more. */
  get isFull(): boolean {
    return this.#flows.size >= this.maxFlows;
  }

  [Symbol.iterator](): Iterator<Flow> {
    return this.#flows.values();
  }

  /** Joins two ends, that of the source first, to a flow which ends after `idleMs` of silence. */
  open(opening: Opening, ends: readonly [End, End], idleMs: number, nowMs: number): Flow {
    const flow = new Flow(this, opening, ends, idleMs);
    flow.lastActivityMs = nowMs;
    this.#flows.add(flow);
    this.#idle.add(flow);
    for (const end of ends) end.attach(flow);
    return flow;
  }

  end(flow: Flow, reason: number, nowMs: number): void {
    if (!this.#flows.delete(flow)) return;
    this.#idle.remove(flow);
    flow.sourceEnd.close(reason, nowMs);
    flow.targetEnd.close(reason, nowMs);
  }

  /** Ends all flows. */
  endAll(nowMs: number): void {
    for (const flow of [...this.#flows]) this.end(flow, FLOW_CLOSE.closed, nowMs);
  }
}
