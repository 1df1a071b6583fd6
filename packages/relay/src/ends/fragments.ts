import { Reassembly, type DropCounters, type FragmentFields } from '@relay/packet';
import type { IdleQueue, Idler } from '../flow/idle-queue.js';

/** Bounds of the datagrams that wait for missing pieces. */
export interface FragmentLimits {
  readonly maxBytes: number;
  readonly maxDatagrams: number;
  readonly timeoutMs: number;
}

/**
 * The incomplete datagrams of one session. Each is given up in time, even if no fragment comes any
 * more.
 */
export class Fragments implements Idler {
  lastActivityMs = 0;
  readonly idleMs: number;
  readonly #reassembly: Reassembly;
  readonly #idle: IdleQueue;

  /** `drops` counts the datagrams that are given up. */
  constructor(limits: FragmentLimits, idle: IdleQueue, drops: DropCounters) {
    this.idleMs = limits.timeoutMs;
    this.#reassembly = new Reassembly({ ...limits, drops });
    this.#idle = idle;
  }

  /** The frame that the last {@link add} completed. */
  get whole(): Uint8Array {
    return this.#reassembly.whole;
  }

  /**
   * Takes a fragment: the length of the frame that it completes, 0 while pieces are missing, or a
   * drop code.
   */
  add(fragment: Readonly<FragmentFields>, bytes: Uint8Array, nowMs: number): number {
    const length = this.#reassembly.add(fragment, bytes, nowMs);
    if (this.#reassembly.pendingDatagrams > 0) this.#watch(nowMs);
    return length;
  }

  expire(nowMs: number): void {
    this.#reassembly.expire(nowMs);
    if (this.#reassembly.pendingDatagrams > 0) this.#watch(nowMs);
  }

  /** Forgets everything: the session has ended. */
  clear(): void {
    this.#idle.remove(this);
    this.#reassembly.expire(Infinity);
  }

  #watch(nowMs: number): void {
    this.lastActivityMs = nowMs;
    this.#idle.add(this);
  }
}
