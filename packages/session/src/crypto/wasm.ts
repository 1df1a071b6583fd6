/**
 * libsodium compiled to WebAssembly: nothing is faster to call, since it has memory of its own and
 * no objects cross. A packet is copied into that memory and back.
 */
import type { Libsodium } from 'libsodium';
import { KEY_WORDS, WordCipher, type Aead, type AeadPrimitives } from './aead.js';
import { assertAgrees } from './agreement.js';
import { nodePrimitives } from './node.js';
import { NONCE_BYTES, TAG_BYTES } from './primitives.js';

/**
 * The wasm engine, with X25519 of node:crypto, which is faster than WebAssembly's; or the error
 * with which it failed to load: where code may not be compiled, for instance.
 */
export async function loadWasm(): Promise<AeadPrimitives | Error> {
  try {
    const { default: instantiate } = await import('libsodium');
    // An instance of our own: only what is allocated here is allocated in it, so its memory stays
    // where it is.
    const aead = new WasmAead(await instantiate());
    const bySize = { small: aead, large: aead };
    const wasm: AeadPrimitives = {
      name: 'wasm',
      privateKey: (bytes) => nodePrimitives.privateKey(bytes),
      cipher: (key) => new WordCipher(bySize, key),
      aead,
    };
    assertAgrees(wasm);
    return wasm;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The largest content of a UDP datagram, without its tag. */
const MAX_BYTES = 65_535;
/** In handshakes it is a hash. */
const MAX_ADDITIONAL_BYTES = 64;

class WasmAead implements Aead {
  readonly key: Int32Array;
  readonly nonce: Uint8Array;
  readonly #sodium: Libsodium;
  readonly #memory: Uint8Array;
  readonly #key: number;
  readonly #nonce: number;
  readonly #additional: number;
  readonly #text: number;

  constructor(sodium: Libsodium) {
    const keyBytes = KEY_WORDS * Int32Array.BYTES_PER_ELEMENT;
    this.#sodium = sodium;
    this.#key = sodium._malloc(keyBytes + NONCE_BYTES + MAX_ADDITIONAL_BYTES + MAX_BYTES + TAG_BYTES);
    this.#nonce = this.#key + keyBytes;
    this.#additional = this.#nonce + NONCE_BYTES;
    this.#text = this.#additional + MAX_ADDITIONAL_BYTES;
    this.#memory = sodium.HEAPU8;
    this.key = new Int32Array(this.#memory.buffer, this.#key, KEY_WORDS);
    this.nonce = this.#memory.subarray(this.#nonce, this.#nonce + NONCE_BYTES).fill(0);
  }

  seal(bytes: Uint8Array, offset: number, length: number, additional: Uint8Array | undefined): void {
    const text = this.#text;
    this.#take(bytes, offset, length);
    const additionalLength = this.#takeAdditional(additional);
    this.#sodium._crypto_aead_chacha20poly1305_ietf_encrypt(
      text,
      NO_POINTER,
      text,
      length,
      0,
      this.#additional,
      additionalLength,
      0,
      NO_POINTER,
      this.#nonce,
      this.#key,
    );
    this.#give(bytes, offset, length + TAG_BYTES);
  }

  open(bytes: Uint8Array, offset: number, length: number, additional: Uint8Array | undefined): boolean {
    const text = this.#text;
    this.#take(bytes, offset, length + TAG_BYTES);
    const additionalLength = this.#takeAdditional(additional);
    const result = this.#sodium._crypto_aead_chacha20poly1305_ietf_decrypt(
      text,
      NO_POINTER,
      NO_POINTER,
      text,
      length + TAG_BYTES,
      0,
      this.#additional,
      additionalLength,
      0,
      this.#nonce,
      this.#key,
    );
    if (result !== 0) return false;
    this.#give(bytes, offset, length);
    return true;
  }

  forget(): void {
    this.key.fill(0);
  }

  #take(bytes: Uint8Array, offset: number, length: number): void {
    if (length > MAX_BYTES + TAG_BYTES) throw new RangeError(`${length} bytes: no datagram is so large`);
    this.#memory.set(bytes.subarray(offset, offset + length), this.#text);
  }

  #give(bytes: Uint8Array, offset: number, length: number): void {
    bytes.set(this.#memory.subarray(this.#text, this.#text + length), offset);
  }

  #takeAdditional(additional: Uint8Array | undefined): number {
    if (additional === undefined) return 0;
    if (additional.length > MAX_ADDITIONAL_BYTES) throw new RangeError(`${additional.length} additional bytes`);
    this.#memory.set(additional, this.#additional);
    return additional.length;
  }
}

const NO_POINTER = 0;
