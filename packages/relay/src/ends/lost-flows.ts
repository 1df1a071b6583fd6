import { FLOW_CLOSE } from '@relay/packet';
import type { Opening } from '../flow/flow.js';
import type { IdleQueue, Idler } from '../flow/idle-queue.js';
import type { AcceptedEnd } from './accepted-end.js';

/** Flows wait this many ms for their peer after a session was lost. */
export const LOST_FLOWS_PATIENCE_MS = 10_000;

/**
 * The flows of a session that was lost. The peer's next session claims each by its endpoints, so
 * that the target hears the source from the same address and port as before. A flow that is not
 * claimed in time ends.
 */
export class LostFlows implements Idler {
  readonly idleMs = LOST_FLOWS_PATIENCE_MS;
  lastActivityMs = 0;
  readonly #ends = new Map<string, AcceptedEnd>();
  readonly #idle: IdleQueue;

  constructor(idle: IdleQueue) {
    this.#idle = idle;
  }

  /** The session of these flows was lost now. */
  add(ends: Iterable<AcceptedEnd>, nowMs: number): void {
    for (const end of ends) {
      if (end.flow === undefined) continue;
      const key = keyOf(end.flow);
      this.#ends.get(key)?.flow?.end(FLOW_CLOSE.closed, nowMs); // one of two is enough to claim
      end.lose();
      this.#ends.set(key, end);
    }
    if (this.#ends.size === 0) return;
    this.lastActivityMs = nowMs;
    this.#idle.add(this);
  }

  /** The flow between these endpoints, which is lost no longer; undefined if there is none. */
  claim(endpoints: Opening): AcceptedEnd | undefined {
    if (this.#ends.size === 0) return undefined;
    const key = keyOf(endpoints);
    const end = this.#ends.get(key);
    this.#ends.delete(key);
    return end?.flow === undefined ? undefined : end; // it may have fallen idle
  }

  /** Nobody has claimed them: they end. */
  expire(nowMs: number): void {
    const ends = [...this.#ends.values()];
    this.#ends.clear();
    for (const end of ends) end.flow?.end(FLOW_CLOSE.closed, nowMs);
  }
}

const keyOf = ({ source, target }: Opening): string =>
  `${Buffer.from(source).toString('latin1')}${Buffer.from(target).toString('latin1')}`;
