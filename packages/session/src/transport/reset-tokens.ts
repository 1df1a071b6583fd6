import { Mac } from '../crypto/blake2s.js';

/**
 * The reset tokens of one server: computed from a secret that survives restarts, so that nothing
 * has to be kept of a session to end it.
 */
export class ResetTokens {
  readonly #mac: Mac;

  /** `secret`: 32 bytes. */
  constructor(secret: Uint8Array) {
    this.#mac = new Mac(secret);
  }

  /** The token of a session index: 16 bytes. */
  tokenOf(index: number): Uint8Array {
    return this.#mac.of(Uint8Array.of(index, index >>> 8, index >>> 16, index >>> 24));
  }
}
