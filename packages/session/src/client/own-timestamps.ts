import { timestampOf, wallMsOf } from '../handshake/timestamp.js';

/**
 * The timestamps of a client's handshakes: the time by its clock, or by the server's once that has
 * told it, and in any case newer than all before and than the newest that the server knows.
 */
export class OwnTimestamps {
  #wallOffsetMs = 0;
  #last = 0n;
  /** The newest of this client that the server knew when it told. */
  #newestKnown = 0n;

  /** They count from here on a steady clock. */
  setWallClock(nowMs: number, wallMs: number): void {
    this.#wallOffsetMs = wallMs - nowMs;
  }

  /** The timestamp of a handshake now. */
  next(nowMs: number): bigint {
    const now = timestampOf(this.#wallOffsetMs + nowMs);
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last;
  }

  /** The server knows a newer one of this client: its clock was ahead of this once. */
  goOnFrom(newest: bigint): void {
    if (newest > this.#newestKnown) this.#newestKnown = newest;
    if (newest > this.#last) this.#last = newest;
  }

  /** This client's clock is too far ahead of the server's, whose time this is. */
  takeClock(serverTime: bigint, nowMs: number): void {
    this.#wallOffsetMs = wallMsOf(serverTime) - nowMs;
    this.#last = this.#newestKnown;
  }
}
