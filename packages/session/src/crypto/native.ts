/**
 * ChaCha20-Poly1305 by an addon of our own (native/), which calls the OpenSSL inside Node.js. A
 * call takes the array of a packet as it is, without a view and without a copy. Handshakes use it
 * too: their additional data cost it nothing.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { KEY_WORDS, WordCipher, type Aead, type AeadPrimitives } from './aead.js';
import { assertAgrees } from './agreement.js';
import { nodePrimitives } from './node.js';
import { NONCE_BYTES } from './primitives.js';
import { loadSodium } from './sodium.js';

/** The exports of native/addon.c. */
interface Addon {
  /**
   * Returns the functions of a new engine, which takes key and nonce of each packet from these two
   * arrays. Their buffers must not be transferred. It lives as long as the thread.
   *
   * A packet that is not within its bytes is a RangeError.
   */
  start(key: Int32Array, nonce: Uint8Array): AddonAead;
}

interface AddonAead {
  seal(bytes: Uint8Array, offset: number, length: number, additional?: Uint8Array): void;
  open(bytes: Uint8Array, offset: number, length: number, additional?: Uint8Array): boolean;
  forget(): void;
}

/**
 * The native engine, with X25519 of sodium-native, or else of node:crypto; or the error with which
 * it failed to load: no addon was built for this system, or the runtime lacks the functions of
 * OpenSSL.
 */
export function loadNative(): AeadPrimitives | Error {
  try {
    const loadFrom = createRequire(import.meta.url)('node-gyp-build') as (folder: string) => Addon;
    const addon = loadFrom(fileURLToPath(new URL('../..', import.meta.url)));
    const aead = new NativeAead(addon);
    const bySize = { small: aead, large: aead };
    const sodium = loadSodium();
    const x25519 = sodium instanceof Error ? nodePrimitives : sodium;
    const native: AeadPrimitives = {
      name: 'native',
      privateKey: (bytes) => x25519.privateKey(bytes),
      cipher: (bytes) => new WordCipher(bySize, bytes),
      aead,
    };
    assertAgrees(native);
    return native;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

class NativeAead implements Aead {
  readonly key = new Int32Array(KEY_WORDS);
  readonly nonce = new Uint8Array(NONCE_BYTES);
  readonly #calls: AddonAead;

  constructor(addon: Addon) {
    this.#calls = addon.start(this.key, this.nonce);
  }

  // To find out in C that an argument is undefined costs more than to leave it out.

  seal(bytes: Uint8Array, offset: number, length: number, additional: Uint8Array | undefined): void {
    if (additional === undefined) this.#calls.seal(bytes, offset, length);
    else this.#calls.seal(bytes, offset, length, additional);
  }

  open(bytes: Uint8Array, offset: number, length: number, additional: Uint8Array | undefined): boolean {
    if (additional === undefined) return this.#calls.open(bytes, offset, length);
    return this.#calls.open(bytes, offset, length, additional);
  }

  forget(): void {
    this.key.fill(0);
    this.#calls.forget();
  }
}
