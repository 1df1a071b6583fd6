import { encodeFlowAcknowledge, encodeFlowClose, encodeFlowUnknown } from '@relay/packet';
import type { TunnelSession } from './tunnel-link.js';

/** Room for the largest frame about a flow. */
const scratch = new Uint8Array(16);

/*
 * Notices about flows to the peer, each in a packet of its own. A notice that cannot be sent now
 * is dropped: the next datagram of its flow causes the same one.
 */

export function acknowledgeFlow(session: TunnelSession, id: number, nowMs: number): void {
  session.sendFrames(scratch, 0, encodeFlowAcknowledge(scratch, 0, id), nowMs);
}

export function disownFlow(session: TunnelSession, id: number, nowMs: number): void {
  session.sendFrames(scratch, 0, encodeFlowUnknown(scratch, 0, id), nowMs);
}

/** `reason` is one of `FLOW_CLOSE` of @relay/packet. */
export function closeFlow(session: TunnelSession, id: number, reason: number, nowMs: number): void {
  session.sendFrames(scratch, 0, encodeFlowClose(scratch, 0, id, reason), nowMs);
}

/**
 * The most answers per second to datagrams of unknown flows: enough to heal, too few to be a load.
 */
const ANSWERS_PER_SECOND = 1000;
/** The bytes of the packet of one answer, at most. */
const ANSWER_BYTES = 40;
/** Answers take at most this many bytes for each byte of such datagrams, beside the first ones. */
const BYTES_PER_BYTE = 3;
const FIRST_BYTES = 4096;

/**
 * Limits the answers to datagrams of unknown flows. The next datagram of a flow asks again for an
 * answer that was left out.
 */
export class AnswerLimit {
  #sinceMs = -Infinity;
  #given = 0;
  #bytes = FIRST_BYTES;

  /** Whether one more may go out now, in answer to a frame of so many bytes. */
  take(frameBytes: number, nowMs: number): boolean {
    this.#bytes = Math.min(FIRST_BYTES, this.#bytes + BYTES_PER_BYTE * frameBytes);
    if (nowMs - this.#sinceMs >= 1000) {
      this.#sinceMs = nowMs;
      this.#given = 0;
    }
    if (this.#bytes < ANSWER_BYTES || this.#given >= ANSWERS_PER_SECOND) return false;
    this.#given++;
    this.#bytes -= ANSWER_BYTES;
    return true;
  }
}
