import type { DisconnectReason } from '../events.js';
import { FIRST_RETRY_MS, LAST_RETRY_MS, REPLACED_WAITS_MS, UNDISTURBED_MS } from '../tuning.js';

/** How long to leave the server alone after a session, by how it and those before ended. */
export class Refusals {
  #reason: DisconnectReason | undefined;
  /** How many sessions in a row were replaced by others of the same key. */
  #replaced = 0;

  /** A session that has lasted so long has ended. */
  ended(reason: DisconnectReason | undefined, lastedMs: number): void {
    if (lastedMs >= UNDISTURBED_MS) this.#replaced = 0;
    if (reason === 'replaced') this.#replaced++;
    this.#reason = reason;
  }

  /** ms until the first attempt at the next session. */
  get waitMs(): number {
    switch (this.#reason) {
      case 'replaced':
        return REPLACED_WAITS_MS[Math.min(this.#replaced, REPLACED_WAITS_MS.length) - 1] ?? LAST_RETRY_MS;
      case 'revoked':
      case 'expired':
      case 'kicked':
      case 'limit':
      case 'version':
      case 'protocol-error':
      case 'internal-error':
        return LAST_RETRY_MS;
      case 'shutdown':
        return FIRST_RETRY_MS;
      default:
        return 0;
    }
  }
}
