/**
 * How much a peer may have a session do by frames that are the session's own: pings, reports,
 * parameters, requests. Datagrams are not among these.
 */
import { TokenBucket } from '../token-bucket.js';
import {
  ANSWER_BYTES_AT_ONCE,
  ANSWER_BYTES_MOST,
  ANSWER_BYTES_PER_BYTE,
  WORK_AT_ONCE,
  WORK_PER_SECOND,
} from '../tuning.js';

/** What a frame costs: about so many times what a datagram costs. */
export const WORK = {
  /** It is read, and its figures are kept: a pong, a report, an answer. */
  note: 1,
  /** It is answered by a packet: a ping. */
  ping: 2,
  /** Parameters: they are kept, and answered by a packet. */
  parameters: 3,
  /** A request goes to the program, and is answered by a packet. */
  request: 5,
} as const;

/**
 * The work of one peer. It outlives sessions, so that a new session brings no new share. What is
 * refused is repeated by an honest peer, which does not come near these limits.
 */
export class Work {
  readonly #work = new TokenBucket(WORK_PER_SECOND, WORK_AT_ONCE);
  #answerBytes = ANSWER_BYTES_AT_ONCE;

  /** A packet of so many bytes came from the peer: it may be answered by some times as many. */
  received(packetBytes: number): void {
    this.#answerBytes = Math.min(ANSWER_BYTES_MOST, this.#answerBytes + ANSWER_BYTES_PER_BYTE * packetBytes);
  }

  /** Takes so much work, or returns false if there is not as much left now. */
  take(amount: number, nowMs: number): boolean {
    return this.#work.take(nowMs, amount);
  }

  /** Takes room for an answer of so many bytes, or returns false. */
  takeAnswer(packetBytes: number): boolean {
    if (this.#answerBytes < packetBytes) return false;
    this.#answerBytes -= packetBytes;
    return true;
  }
}
