import type { ReportFields } from '@relay/packet';
import type { SessionStatistics } from '../session.js';
import type { TransportKeys } from '../transport/transport-keys.js';
import { LossEstimate } from './loss.js';
import { RoundTrip } from './round-trip.js';

/**
 * What one session measures of its path, in both directions. Parts are made when first needed: most
 * sessions are idle.
 */
export class Measurements {
  roundTrip: RoundTrip | undefined = undefined;
  lossIn: LossEstimate | undefined = undefined;
  lossOut: LossEstimate | undefined = undefined;
  jitterInMs: number | undefined = undefined;
  /** As the peer reports them. */
  jitterOutMs: number | undefined = undefined;
  peerRoundTripMs: number | undefined = undefined;
  #transitMs: number | undefined = undefined;

  /** Smoothed; NaN if not known. */
  get roundTripMs(): number {
    return this.roundTrip?.smoothedMs ?? Number.NaN;
  }

  /** What is known, for {@link SessionStatistics}. */
  get figures(): Omit<SessionStatistics, 'packetsIn' | 'bytesIn' | 'packetsOut' | 'bytesOut'> {
    return {
      roundTripMs: this.roundTripMs,
      latestRoundTripMs: this.roundTrip?.latestMs ?? Number.NaN,
      minimumRoundTripMs: this.roundTrip?.minimumMs ?? Number.NaN,
      roundTripVariationMs: this.roundTrip?.variationMs ?? Number.NaN,
      peerRoundTripMs: this.peerRoundTripMs ?? Number.NaN,
      jitterInMs: this.jitterInMs ?? Number.NaN,
      jitterOutMs: this.jitterOutMs ?? Number.NaN,
      lossIn: this.lossIn?.loss ?? Number.NaN,
      lossOut: this.lossOut?.loss ?? Number.NaN,
    };
  }

  pongArrived(roundTripMs: number): void {
    (this.roundTrip ??= new RoundTrip()).sample(roundTripMs);
  }

  /**
   * A packet of the peer that says when it was sent, by a clock of its own: interarrival jitter,
   * RFC 3550 §6.4.1.
   */
  pingArrived(sentMs: number, nowMs: number): void {
    const transitMs = nowMs - sentMs;
    const difference = this.#transitMs === undefined ? undefined : Math.abs(transitMs - this.#transitMs);
    this.#transitMs = transitMs;
    if (difference === undefined) return;
    this.jitterInMs =
      this.jitterInMs === undefined ? difference : this.jitterInMs + (difference - this.jitterInMs) / 16;
  }

  reportArrived(report: Readonly<ReportFields>): void {
    (this.lossOut ??= new LossEstimate()).count(report.index, report.received, report.highest);
    this.jitterOutMs = report.jitterUs / 1000;
    if (report.roundTripUs > 0) this.peerRoundTripMs = report.roundTripUs / 1000;
  }

  /** Counts what came under these keys, and writes the report on it. */
  writeReport(keys: TransportKeys<unknown>, report: ReportFields): void {
    const highest = Math.max(0, keys.window.highest);
    (this.lossIn ??= new LossEstimate()).count(keys.localIndex, keys.received, highest);
    report.index = keys.localIndex;
    report.received = keys.received;
    report.highest = highest;
    report.jitterUs = Math.round((this.jitterInMs ?? 0) * 1000);
    report.roundTripUs = Math.round((this.roundTrip?.smoothedMs ?? 0) * 1000);
  }
}
