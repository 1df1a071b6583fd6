import { FIRST_REPEAT_MS, LAST_REPEAT_MS } from '../tuning.js';

/**
 * When a client tells its parameters again: until the server's come under the same keys, with waits
 * that grow.
 */
export class Announcement {
  /** Infinity: no more. */
  nextMs = Infinity;
  #waitMs = FIRST_REPEAT_MS;

  /** Under new keys all begins anew. */
  begin(): void {
    this.#waitMs = FIRST_REPEAT_MS;
  }

  told(nowMs: number): void {
    this.nextMs = nowMs + this.#waitMs;
    this.#waitMs = Math.min(this.#waitMs * 2, LAST_REPEAT_MS);
  }

  /** Returns whether it was waited for. */
  answered(): boolean {
    const wasOpen = this.nextMs !== Infinity;
    this.nextMs = Infinity;
    return wasOpen;
  }
}
