/** Asking a target whether it is up: a state that is told what came, and when. It sends nothing. */

/** How a target is asked, and what counts. */
export interface ActiveHealth {
  /** The payload that asks. */
  readonly send: Uint8Array;
  /** An answer counts if it contains these bytes; undefined: any answer does. */
  readonly expect: Uint8Array | undefined;
  /** How long after one question the next follows, ms. */
  readonly everyMs: number;
  /** So many questions in a row without an answer that counts: the target is down. */
  readonly fails: number;
  /** So many questions in a row with one: it is up again. */
  readonly passes: number;
}

/** What a check has found out. */
export type CheckResult = 'up' | 'down' | undefined;

/** A question fails after this time, or when the next one follows. */
const PATIENCE_MS = 1000;

export class ActiveCheck {
  readonly #health: ActiveHealth;
  #isWaiting = false;
  #passed = 0;
  #failed = 0;
  #nextQuestionMs: number;
  #patienceEndsMs = Infinity;

  /** The first question is due at `nowMs`. */
  constructor(health: ActiveHealth, nowMs: number) {
    this.#health = health;
    this.#nextQuestionMs = nowMs;
  }

  /** When {@link passTime} or {@link asks} has something to say, ms. */
  get dueMs(): number {
    return Math.min(this.#nextQuestionMs, this.#patienceEndsMs);
  }

  /** The time has come for what is due: did a question fail? */
  passTime(nowMs: number): CheckResult {
    return this.#patienceEndsMs <= nowMs ? this.failed() : undefined;
  }

  /** Whether a question is to be sent now; it counts as sent then. */
  asks(nowMs: number): boolean {
    if (nowMs < this.#nextQuestionMs) return false;
    this.#isWaiting = true;
    this.#nextQuestionMs = nowMs + this.#health.everyMs;
    this.#patienceEndsMs = nowMs + Math.min(PATIENCE_MS, this.#health.everyMs);
    return true;
  }

  /** A datagram came from the target. One that does not count is passed over. */
  answered(datagram: Uint8Array): CheckResult {
    const { expect, passes } = this.#health;
    if (!this.#isWaiting || !contains(datagram, expect)) return undefined;
    this.#answerIsIn();
    this.#failed = 0;
    return ++this.#passed >= passes ? 'up' : undefined;
  }

  /** The question has failed: it could not be sent, or the network says that nobody is there. */
  failed(): CheckResult {
    if (!this.#isWaiting) return undefined;
    this.#answerIsIn();
    this.#passed = 0;
    return ++this.#failed >= this.#health.fails ? 'down' : undefined;
  }

  /** The question did not leave, for a reason that says nothing of the target. */
  withdrawn(): void {
    this.#answerIsIn();
  }

  /** Flows have found the target down: it must pass all its questions again. */
  startOver(): void {
    this.#passed = 0;
  }

  #answerIsIn(): void {
    this.#isWaiting = false;
    this.#patienceEndsMs = Infinity;
  }
}

function contains(datagram: Uint8Array, expected: Uint8Array | undefined): boolean {
  if (expected === undefined) return true;
  const { buffer, byteOffset, length } = datagram;
  return Buffer.from(buffer, byteOffset, length).includes(Buffer.from(expected));
}
