/** libsodium by sodium-native, an optional dependency, where it loads. */
import { createRequire } from 'node:module';
import { KEY_WORDS, WordCipher, type Aead, type AeadPrimitives } from './aead.js';
import { NONCE_BYTES, TAG_BYTES, type PrivateKey } from './primitives.js';

/**
 * What is used of sodium-native, which brings no types. Lengths are checked by it; failures throw.
 */
interface Sodium {
  crypto_scalarmult_base(publicKey: Uint8Array, privateKey: Uint8Array): void;
  crypto_scalarmult(secret: Uint8Array, privateKey: Uint8Array, publicKey: Uint8Array): void;
  crypto_aead_chacha20poly1305_ietf_encrypt(
    ciphertext: Uint8Array,
    message: Uint8Array,
    additional: Uint8Array | null,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
  crypto_aead_chacha20poly1305_ietf_decrypt(
    message: Uint8Array,
    secretNonce: null,
    ciphertext: Uint8Array,
    additional: Uint8Array | null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
}

/** The sodium engine, or the error with which sodium-native failed to load. */
export function loadSodium(): AeadPrimitives | Error {
  try {
    const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;
    const aead = new SodiumAead(sodium);
    const bySize = { small: aead, large: aead };
    return {
      name: 'sodium',
      privateKey: (bytes) => new SodiumPrivateKey(sodium, bytes),
      cipher: (key) => new WordCipher(bySize, key),
      aead,
    };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const KEY_BYTES = 32;

class SodiumPrivateKey implements PrivateKey {
  readonly publicKey = new Uint8Array(KEY_BYTES);
  readonly #sodium: Sodium;
  readonly #key: Uint8Array;

  constructor(sodium: Sodium, bytes: Uint8Array) {
    this.#sodium = sodium;
    this.#key = Uint8Array.from(bytes);
    sodium.crypto_scalarmult_base(this.publicKey, this.#key);
  }

  agree(peerPublicKey: Uint8Array): Uint8Array | undefined {
    const secret = new Uint8Array(KEY_BYTES);
    try {
      this.#sodium.crypto_scalarmult(secret, this.#key, peerPublicKey);
    } catch {
      // libsodium refuses points of low order.
      return undefined;
    }
    return secret;
  }

  wipe(): void {
    this.#key.fill(0);
  }
}

class SodiumAead implements Aead {
  readonly key = new Int32Array(KEY_WORDS);
  readonly nonce = new Uint8Array(NONCE_BYTES);
  readonly #keyBytes = new Uint8Array(this.key.buffer);
  readonly #sodium: Sodium;

  constructor(sodium: Sodium) {
    this.#sodium = sodium;
  }

  seal(bytes: Uint8Array, offset: number, length: number, additional: Uint8Array | undefined): void {
    const end = offset + length;
    this.#sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
      bytes.subarray(offset, end + TAG_BYTES),
      bytes.subarray(offset, end),
      additional ?? null,
      null,
      this.nonce,
      this.#keyBytes,
    );
  }

  open(bytes: Uint8Array, offset: number, length: number, additional: Uint8Array | undefined): boolean {
    const end = offset + length;
    try {
      this.#sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
        bytes.subarray(offset, end),
        null,
        bytes.subarray(offset, end + TAG_BYTES),
        additional ?? null,
        this.nonce,
        this.#keyBytes,
      );
    } catch {
      return false;
    }
    return true;
  }

  forget(): void {
    this.key.fill(0);
  }
}
