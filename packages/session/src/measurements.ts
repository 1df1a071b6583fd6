import { LossEstimate } from './loss.js';
import { RoundTrip } from './round-trip.js';

/** What one session measures of its path, in both directions. */
export class Measurements {
  readonly roundTrip = new RoundTrip();
  readonly lossIn = new LossEstimate();
  readonly lossOut = new LossEstimate();
  /** As the peer reports them; ms. */
  peerRoundTripMs = Number.NaN;
  jitterOutMs = Number.NaN;
  jitterInMs = Number.NaN;
  #transitMs = Number.NaN;

  /** A packet of the peer that says when it was sent, by a clock of its own: interarrival jitter, RFC 3550 §6.4.1. */
  arrived(sentMs: number, nowMs: number): void {
    const transitMs = nowMs - sentMs;
    const difference = Math.abs(transitMs - this.#transitMs);
    this.#transitMs = transitMs;
    if (Number.isNaN(difference)) return;
    this.jitterInMs = Number.isNaN(this.jitterInMs)
      ? difference
      : this.jitterInMs + (difference - this.jitterInMs) / 16;
  }
}
