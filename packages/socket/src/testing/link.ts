import type { MemoryClock } from './memory-clock.js';
import type { Random } from './random.js';

/** What happens to datagrams on the way from one host to another. */
export interface LinkConditions {
  /** Probabilities, 0 to 1, per datagram. Loss 1 cuts the way. */
  readonly lossRate: number;
  readonly duplicateRate: number;
  /** Of being held back so long that later datagrams overtake. */
  readonly reorderRate: number;
  readonly delayMs: number;
  /** Added to the delay, uniform between 0 and this; the order is kept. */
  readonly jitterMs: number;
  /** Rate limit; Infinity: none. */
  readonly bytesPerSecond: number;
  /** What may wait for the rate limit; the rest is lost. */
  readonly queueBytes: number;
  /** Larger packets (with IP and UDP header) are lost; Infinity: none are. */
  readonly mtuBytes: number;
  /** Whether ICMP errors come back: closed port, no such host, too large. */
  readonly icmp: boolean;
}

/** Immediate, in order, without loss. */
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

/** Held-back datagrams arrive this much later: more than the spacing of most traffic. */
const HOLD_BACK_MS = 20;

/** One direction between two hosts. */
export class Link {
  conditions: LinkConditions;
  readonly #clock: MemoryClock;
  readonly #random: Random;
  /** When what was sent before has left. */
  #busyUntilMs = 0;
  #lastArrivalMs = 0;

  constructor(conditions: LinkConditions, clock: MemoryClock, random: Random) {
    this.conditions = conditions;
    this.#clock = clock;
    this.#random = random;
  }

  /** After how many ms a packet of that size arrives: once, twice or (lost) never. */
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
