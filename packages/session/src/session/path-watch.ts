import { PATH_LOST_AFTER_MS } from '../protocol.js';
import {
  LATE_PROBE_EVERY_MS,
  LOST_PROBE_EVERY_MS,
  LOST_PROBE_PATIENCE_MS,
  PROBE_AFTER_MS,
  PROBE_EVERY_MS,
} from '../tuning.js';

/**
 * Whether what is sent arrives (docs/protocol.md, "Whether the path is alive"). The first packet
 * that wants an answer starts a clock. Only proof that something sent since then has arrived
 * counts: what the peer sends of itself says nothing about this direction. Proof moves the clock to
 * the time at which that was sent, and stops it if nothing was sent later. Until then pings ask,
 * and go on asking on a lost path.
 */
export class PathWatch {
  #unprovenSinceMs = Infinity;
  /** When the newest packet that wants an answer was sent. */
  #newestMs = -Infinity;
  #nextProbeMs = Infinity;
  #lastProbeMs = -Infinity;
  /** Of the last probe, under the keys that seal; Infinity until it is sent. */
  #probeCounter = Infinity;
  /** When the first probe was sent that got no answer; Infinity if all got one. */
  #silentSinceMs = Infinity;
  #isProbing = false;
  #isLost = false;

  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Whether a probe has waited in vain for as long as the next one takes to follow, and for twice a
   * round trip.
   */
  isSilent(roundTripMs: number, nowMs: number): boolean {
    return nowMs - this.#silentSinceMs >= Math.max(PROBE_EVERY_MS - CLOCK_GRAIN_MS, 2 * roundTripMs);
  }

  /** When {@link probe} has something to do. */
  get nextProbeMs(): number {
    return this.#nextProbeMs;
  }

  /**
   * A packet that wants an answer was sent, under this counter. Returns whether it starts the
   * clock.
   */
  expectAnswer(counter: number, nowMs: number): boolean {
    this.#newestMs = nowMs;
    if (this.#isProbing) this.#probeCounter = counter;
    this.#isProbing = false;
    if (this.#unprovenSinceMs !== Infinity) return false;
    this.#unprovenSinceMs = nowMs;
    this.#nextProbeMs = nowMs + PROBE_AFTER_MS;
    return true;
  }

  /** What was sent at `sentMs` has arrived. Returns whether that ends the loss of the path. */
  proven(sentMs: number): boolean {
    if (sentMs < this.#unprovenSinceMs - CLOCK_GRAIN_MS) return false;
    const wasLost = this.#isLost;
    this.#silentSinceMs = Infinity;
    this.#isLost = false;
    if (this.#newestMs <= sentMs + CLOCK_GRAIN_MS) {
      this.#unprovenSinceMs = this.#nextProbeMs = Infinity;
    } else {
      this.#unprovenSinceMs = sentMs;
      this.#nextProbeMs = Math.max(sentMs + PROBE_AFTER_MS, this.#lastProbeMs + PROBE_EVERY_MS);
    }
    return wasLost;
  }

  /**
   * A packet with this counter, under the keys that seal, has arrived: the last probe too if that
   * is older.
   */
  provenByCounter(counter: number): boolean {
    return counter >= this.#probeCounter && this.proven(this.#lastProbeMs);
  }

  /** Other keys seal, with counters of their own. */
  forgetCounters(): void {
    this.#probeCounter = Infinity;
  }

  /**
   * Something authentic came. On a lost path that is reason to ask at once; returns whether it is.
   */
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
    this.#silentSinceMs = Math.min(this.#silentSinceMs, nowMs);
    this.#isProbing = true;
    this.#probeCounter = Infinity;
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
