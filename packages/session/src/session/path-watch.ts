import { PATH_LOST_AFTER_MS } from '../protocol.js';
import {
  LATE_PROBE_EVERY_MS,
  LOST_PROBE_EVERY_MS,
  LOST_PROBE_PATIENCE_MS,
  PROBE_AFTER_MS,
  PROBE_EVERY_MS,
} from '../tuning.js';

/**
 * Whether what is sent arrives (docs/protocol.md, "Whether the path is alive"). The first packet that wants an answer
 * starts a clock. Only proof that a packet sent since then has arrived stops it: what the peer sends of itself says
 * nothing about this direction. Until then pings ask, and go on asking on a lost path.
 */
export class PathWatch {
  #unprovenSinceMs = Infinity;
  /** Of the packet that started the clock, under the keys that seal. */
  #unprovenCounter = Infinity;
  #nextProbeMs = Infinity;
  #lastProbeMs = -Infinity;
  #isLost = false;

  get isLost(): boolean {
    return this.#isLost;
  }

  /** When {@link probe} has something to do. */
  get nextProbeMs(): number {
    return this.#nextProbeMs;
  }

  /** A packet that wants an answer was sent, under this counter. Returns whether it starts the clock. */
  expectAnswer(counter: number, nowMs: number): boolean {
    if (this.#unprovenSinceMs !== Infinity) return false;
    this.#unprovenSinceMs = nowMs;
    this.#unprovenCounter = counter;
    this.#nextProbeMs = nowMs + PROBE_AFTER_MS;
    return true;
  }

  /** Whether the arrival of what was sent at `sentMs` is proof. */
  isProof(sentMs: number): boolean {
    return sentMs >= this.#unprovenSinceMs - CLOCK_GRAIN_MS;
  }

  /** Whether the arrival of a packet with this counter, under the keys that seal, is proof. */
  isProofByCounter(counter: number): boolean {
    return counter >= this.#unprovenCounter;
  }

  /** There is proof: the clock stops. Returns whether that ends the loss of the path. */
  proven(): boolean {
    this.#unprovenSinceMs = this.#unprovenCounter = this.#nextProbeMs = Infinity;
    const wasLost = this.#isLost;
    this.#isLost = false;
    return wasLost;
  }

  /** Something authentic came. On a lost path that is reason to ask at once; returns whether it is. */
  heard(nowMs: number): boolean {
    if (!this.#isLost) return false;
    const probeMs = Math.max(nowMs, this.#lastProbeMs + PROBE_EVERY_MS);
    if (probeMs >= this.#nextProbeMs) return false;
    this.#nextProbeMs = probeMs;
    return true;
  }

  /** What is due: nothing, a ping, or a ping and the news that the path is lost. */
  probe(nowMs: number): 'nothing' | 'ping' | 'lost' {
    if (nowMs < this.#nextProbeMs) return 'nothing';
    const unprovenMs = nowMs - this.#unprovenSinceMs;
    this.#lastProbeMs = nowMs;
    if (unprovenMs < PATH_LOST_AFTER_MS) {
      this.#nextProbeMs = Math.min(nowMs + PROBE_EVERY_MS, this.#unprovenSinceMs + PATH_LOST_AFTER_MS);
      return 'ping';
    }
    this.#nextProbeMs = nowMs + (unprovenMs < LOST_PROBE_PATIENCE_MS ? LOST_PROBE_EVERY_MS : LATE_PROBE_EVERY_MS);
    if (this.#isLost) return 'ping';
    this.#isLost = true;
    return 'lost';
  }
}

/** Pings carry their time in whole microseconds. */
const CLOCK_GRAIN_MS = 0.001;
