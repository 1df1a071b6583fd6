/**
 * Cookies (WireGuard's paper, §5.3 and §5.4.7): under load the server answers a handshake with a
 * mac of the sender's address under a secret that changes every two minutes, sealed for those who
 * know the server's key and can see the answer. The server keeps nothing; the sender proves with
 * mac2 that it is where it says.
 */
import { PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { HASH_BYTES, Mac } from '../crypto/blake2s.js';
import type { RandomSource } from '../keys/key-pair.js';
import { COOKIE_LIFE_MS } from '../protocol.js';

/** Makes and knows the cookies of one server. */
export class CookieBaker {
  readonly #random: RandomSource;
  #mac: Mac | undefined;
  #bornMs = -Infinity;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** The cookie of the packed endpoint at `source[offset]`, now. */
  cookieOf(source: Uint8Array, offset: number, nowMs: number): Uint8Array {
    if (this.#mac === undefined || nowMs - this.#bornMs >= COOKIE_LIFE_MS) {
      const secret = new Uint8Array(HASH_BYTES);
      this.#random(secret);
      this.#mac = new Mac(secret);
      this.#bornMs = nowMs;
    }
    return this.#mac.of(source.subarray(offset, offset + PACKED_ENDPOINT_BYTES));
  }
}
