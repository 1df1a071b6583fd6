import { PATH_LOST_AFTER_MS } from '../protocol.js';
import {
  LATE_PROBE_EVERY_MS,
  LOST_PROBE_EVERY_MS,
  LOST_PROBE_PATIENCE_MS,
  PROBE_AFTER_MS,
  PROBE_EVERY_MS,
} from '../tuning.js';

/**
 * Whether anything comes back. The first packet that wants an answer starts the clock, anything authentic from the peer stops it;
 * meanwhile pings ask, and go on asking on a lost path, so that its return is noticed soon.
 */
export class PathWatch {
  #unansweredSinceMs = Infinity;
  #nextProbeMs = Infinity;
  #isLost = false;

  get isLost(): boolean {
    return this.#isLost;
  }

  /** When {@link probe} has something to do. */
  get nextProbeMs(): number {
    return this.#nextProbeMs;
  }

  /** A packet that wants an answer was sent. `roundTripMs` is NaN if not known. Returns whether it is the first. */
  expectAnswer(roundTripMs: number, nowMs: number): boolean {
    if (this.#unansweredSinceMs !== Infinity) return false;
    this.#unansweredSinceMs = nowMs;
    this.#nextProbeMs = nowMs + (roundTripMs * 2 > PROBE_AFTER_MS ? roundTripMs * 2 : PROBE_AFTER_MS);
    return true;
  }

  /** Something authentic came. Returns whether that ends the loss of the path. */
  heard(): boolean {
    this.#unansweredSinceMs = Infinity;
    this.#nextProbeMs = Infinity;
    const wasLost = this.#isLost;
    this.#isLost = false;
    return wasLost;
  }

  /** What is due: nothing, a ping, or a ping and the news that the path is lost. */
  probe(nowMs: number): 'nothing' | 'ping' | 'lost' {
    if (nowMs < this.#nextProbeMs) return 'nothing';
    const unansweredMs = nowMs - this.#unansweredSinceMs;
    if (unansweredMs < PATH_LOST_AFTER_MS) {
      this.#nextProbeMs = Math.min(nowMs + PROBE_EVERY_MS, this.#unansweredSinceMs + PATH_LOST_AFTER_MS);
      return 'ping';
    }
    this.#nextProbeMs = nowMs + (unansweredMs < LOST_PROBE_PATIENCE_MS ? LOST_PROBE_EVERY_MS : LATE_PROBE_EVERY_MS);
    if (this.#isLost) return 'ping';
    this.#isLost = true;
    return 'lost';
  }
}
