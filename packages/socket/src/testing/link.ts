import type { MemoryClock } from './memory-clock.js';
import type { Random } from './random.js';

/** What happens to datagrams on the path from one host to another. */
export interface LinkConditions {
  /** Probability of a loss per datagram, 0 to 1. Loss 1 cuts the path. */
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** Probability that a datagram is held back so long that later ones overtake it. */
  readonly reorderRate: number;
  readonly delayMs: number;
  /** Jitter, which is added to the delay: uniform between 0 and this. The order is kept. */
  readonly jitterMs: number;
  /** Rate limit. Infinity means none. */
  readonly bytesPerSecond: number;
  /** How many bytes may wait for the rate limit. A datagram beyond that is lost. */
  readonly queueBytes: number;
  /** Packets larger than this (with IP and UDP header) are lost. Infinity means none are. */
  readonly mtuBytes: number;
  /** True if ICMP errors come back: closed port, no such host, too large. */
  readonly icmp: boolean;
}

/** A link that delivers at once, in order and without loss. */
export const PERFECT_LINK: LinkConditions = {
  lossRate: 0,
  duplicateRate: 0,
  reorderRate: 0,
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: Infinity,
  queueBytes: 256 * 1024,
  mtuBytes: Infinity,
  icmp: true,
};

/**
 * How much later a held-back datagram arrives, in ms. It is more than the spacing of most traffic.
 */
const HOLD_BACK_MS = 20;

/** One direction of the path between two hosts. */
export class Link {
  conditions: LinkConditions;
  readonly #clock: MemoryClock;
  readonly #random: Random;
  /** The time when the earlier packets have left. */
  #busyUntilMs = 0;
  #lastArrivalMs = 0;

  constructor(conditions: LinkConditions, clock: MemoryClock, random: Random) {
    this.conditions = conditions;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Returns after how many ms a packet of this size arrives: one time, two times, or none if it is
   * lost.
   */
  delaysOf(packetBytes: number): number[] {
    const { lossRate, duplicateRate, bytesPerSecond, queueBytes } = this.conditions;
    const nowMs = this.#clock.nowMs;
    const startMs = Math.max(nowMs, this.#busyUntilMs);
    const waitingBytes = ((startMs - nowMs) * bytesPerSecond) / 1000;
    if (Number.isFinite(bytesPerSecond)) {
      if (waitingBytes + packetBytes > queueBytes) return [];
      this.#busyUntilMs = startMs + (packetBytes * 1000) / bytesPerSecond;
    }
    if (this.#random.chance(lossRate)) return [];
    const leaveMs = Math.max(nowMs, this.#busyUntilMs);
    const delays = [this.#arrivalMs(leaveMs) - nowMs];
    if (this.#random.chance(duplicateRate)) delays.push(this.#arrivalMs(leaveMs) - nowMs);
    return delays;
  }

  #arrivalMs(leaveMs: number): number {
    const { delayMs, jitterMs, reorderRate } = this.conditions;
    const jitter = jitterMs > 0 ? this.#random.next() * jitterMs : 0;
    const arrivalMs = leaveMs + delayMs + jitter;
    if (this.#random.chance(reorderRate)) return arrivalMs + HOLD_BACK_MS;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, arrivalMs);
    return this.#lastArrivalMs;
  }
}
