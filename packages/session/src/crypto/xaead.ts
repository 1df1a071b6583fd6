/** XChaCha20-Poly1305, for the packets that are sealed outside of any session. */
import { hchacha, xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { TAG_BYTES, type Cipher, type Primitives } from './primitives.js';

/** Bytes of its nonce. */
export const XAEAD_NONCE_BYTES = 24;

/** The ciphertext and tag of `text`, bound to `additional`. */
export function sealXaead(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, additional: Uint8Array): Uint8Array {
  return xchacha20poly1305(key, nonce, additional).encrypt(text);
}

/** The text, or undefined if it is not authentic or not bound to `additional`. */
export function openXaead(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  additional: Uint8Array,
): Uint8Array | undefined {
  try {
    return xchacha20poly1305(key, nonce, additional).decrypt(sealed);
  } catch {
    return undefined;
  }
}

/** Bytes of a nonce that choose the key of ChaCha20; the other 8 are its nonce. */
const PREFIX_BYTES = 16;
/** "expand 32-byte k" as words. */
const SIGMA = Uint32Array.of(0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574);

/**
 * Seals many texts under one key by the fastest engine. All nonces begin with the same 16 random
 * bytes, so the costly first half of XChaCha20 is done once; a counter makes them differ.
 */
export class XaeadSealer {
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  readonly #primitives: Primitives;
  readonly #key: Uint8Array;
  readonly #random: (bytes: Uint8Array) => void;
  #cipher: Cipher | undefined;
  #counter = 0;

  constructor(primitives: Primitives, key: Uint8Array, random: (bytes: Uint8Array) => void) {
    this.#primitives = primitives;
    this.#key = key;
    this.#random = random;
  }

  /**
   * Writes a nonce at `nonceAt`, and at `textAt` the ciphertext and tag of `text`, bound to
   * `additional` (up to 64 bytes).
   */
  seal(into: Uint8Array, nonceAt: number, textAt: number, text: Uint8Array, additional: Uint8Array): void {
    const cipher = (this.#cipher ??= this.#begin());
    const counter = this.#counter++;
    into.set(this.#prefix, nonceAt);
    const view = new DataView(into.buffer, into.byteOffset + nonceAt + PREFIX_BYTES, 8);
    view.setUint32(0, counter >>> 0, true);
    view.setUint32(4, Math.floor(counter / 2 ** 32), true);
    into.set(text, textAt);
    into.fill(0, textAt + text.length, textAt + text.length + TAG_BYTES);
    cipher.seal(into, textAt, text.length, counter, additional);
  }

  /** Most servers never seal a cookie. */
  #begin(): Cipher {
    this.#random(this.#prefix);
    const derived = new Uint32Array(8);
    hchacha(SIGMA, wordsOf(this.#key), wordsOf(this.#prefix), derived);
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    for (const [index, word] of derived.entries()) view.setUint32(4 * index, word, true);
    const cipher = this.#primitives.cipher(bytes);
    derived.fill(0);
    bytes.fill(0);
    return cipher;
  }
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}
