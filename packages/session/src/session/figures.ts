import type { SessionStatistics } from '../session.js';
import { REPORT_AFTER_PACKETS, REPORT_EVERY_MS } from '../tuning.js';
import { Measurements } from './measurements.js';

/** What one session counts and measures, and when it is to report to its peer. */
export class Figures {
  /** When the last packet was sealed. */
  lastSentMs = -Infinity;
  /** Infinity: there is nothing to report yet. */
  nextReportMs = Infinity;
  #packetsIn = 0;
  #bytesIn = 0;
  #packetsOut = 0;
  #bytesOut = 0;
  #receivedAtReport = 0;
  #measurements: Measurements | undefined = undefined;

  get measurements(): Measurements {
    return (this.#measurements ??= new Measurements());
  }

  get statistics(): SessionStatistics {
    return {
      packetsIn: this.#packetsIn,
      bytesIn: this.#bytesIn,
      packetsOut: this.#packetsOut,
      bytesOut: this.#bytesOut,
      ...this.measurements.figures,
    };
  }

  sealed(packetBytes: number, nowMs: number): void {
    this.lastSentMs = nowMs;
    this.#packetsOut++;
    this.#bytesOut += packetBytes;
  }

  /** Returns whether there is something to report now, at {@link nextReportMs}. */
  opened(packetBytes: number, nowMs: number): boolean {
    this.#packetsIn++;
    this.#bytesIn += packetBytes;
    if (this.nextReportMs !== Infinity || this.#packetsIn - this.#receivedAtReport < REPORT_AFTER_PACKETS) return false;
    this.nextReportMs = nowMs + REPORT_EVERY_MS;
    return true;
  }

  /** The report is given. */
  reported(): void {
    this.nextReportMs = Infinity;
    this.#receivedAtReport = this.#packetsIn;
  }
}
