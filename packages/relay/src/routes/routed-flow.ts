import type { SocketErrorCode } from '@relay/socket';
import type { TargetWatch, UpstreamService } from '../ends/upstream-end.js';
import type { UpstreamPort } from './upstream-port.js';

/** Counts of the flows of one upstream. */
export interface RoutedFlows {
  /** Flows that are open. */
  flowCount: number;
  /** Flows that have been answered. */
  answered: number;
  /** Flows that have ended without an answer. */
  unanswered: number;
}

/** One flow of a route at its upstream: tells the health of the port what it sees. */
export class RoutedFlow implements UpstreamService, TargetWatch {
  readonly target: Uint8Array;
  readonly watch = this;
  readonly #counts: RoutedFlows;
  readonly #port: UpstreamPort;
  /** The round of the port's health in which it asked last. */
  #round = 0;
  #isAnswered = false;

  constructor(counts: RoutedFlows, port: UpstreamPort) {
    this.target = port.target;
    this.#counts = counts;
    this.#port = port;
  }

  begun(): void {
    this.#counts.flowCount++;
  }

  asked(nowMs: number): void {
    this.#round = this.#port.asked(this.#round, nowMs);
  }

  answered(): void {
    if (!this.#isAnswered) this.#counts.answered++;
    this.#isAnswered = true;
    this.#port.answered();
  }

  /** A flow without any answer ends: its source's next datagram may reach another upstream. */
  failed(code: SocketErrorCode, nowMs: number): boolean {
    this.#port.failed(code, nowMs);
    return !this.#isAnswered;
  }

  ended(): void {
    this.#counts.flowCount--;
    if (!this.#isAnswered) this.#counts.unanswered++;
  }
}
