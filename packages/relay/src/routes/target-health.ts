/**
 * Whether one target is up, by what its flows tell: a state that is told what happened, and when.
 */

/** A target that has answered before is down when so many flows have had no answer for so long. */
const SILENT_FLOWS = 5;
const SILENCE_MS = 2000;
/** One flow in this time tries whether a target that is down is up again. */
const TRY_MS = 10_000;

export class TargetHealth {
  /**
   * Checks decide when it is up again, and whether silence means anything: flows neither try nor
   * tell.
   */
  isChecked = false;
  /** False where no answers are waited for, so that silence tells nothing. */
  expectsAnswers = true;
  #isUp = true;
  #hasAnswered = false;
  /** Begins with an answer, ends with the next. */
  #round = 1;
  /** Flows that have asked in this round. */
  #waiting = 0;
  #silentAtMs = Infinity;
  #tryAtMs = 0;

  get isUp(): boolean {
    return this.#isUp;
  }

  /** When its silence becomes a failure, unless it answers, ms; Infinity while it is not silent. */
  get silentAtMs(): number {
    return this.#silentAtMs;
  }

  /** Whether a new flow may come: it is up, or the flow tries whether it is up again. */
  takesFlow(nowMs: number): boolean {
    return this.#isUp || (!this.isChecked && this.#tryAtMs <= nowMs);
  }

  /** A flow begins. */
  flowBegins(nowMs: number): void {
    if (!this.#isUp) this.#tryAtMs = nowMs + TRY_MS;
  }

  /**
   * A flow that has asked in this round before, or in none (0), asks. Returns the present round.
   */
  asked(round: number, nowMs: number): number {
    if (round === this.#round) return round;
    this.#waiting++;
    const tells = this.#hasAnswered && this.expectsAnswers && !this.isChecked;
    if (this.#waiting === SILENT_FLOWS && this.#isUp && tells) this.#silentAtMs = nowMs + SILENCE_MS;
    return this.#round;
  }

  /** It has answered a flow. Returns whether this tells that it is up again. */
  answered(): boolean {
    this.#hasAnswered = true;
    if (this.#waiting > 0) {
      this.#waiting = 0;
      this.#round++;
      this.#silentAtMs = Infinity;
    }
    return !this.isChecked && this.recovered();
  }

  /** Returns whether it has just been silent for too long, so that it is down from now on. */
  fallsSilent(nowMs: number): boolean {
    return this.#silentAtMs <= nowMs && this.failed(nowMs);
  }

  /** It cannot be reached. Returns whether it was up until now. */
  failed(nowMs: number): boolean {
    this.#silentAtMs = Infinity;
    if (!this.#isUp) return false;
    this.#isUp = false;
    this.#tryAtMs = nowMs + TRY_MS;
    return true;
  }

  /** It is up. Returns whether it was down until now. */
  recovered(): boolean {
    const wasDown = !this.#isUp;
    this.#isUp = true;
    return wasDown;
  }
}
