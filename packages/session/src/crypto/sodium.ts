/** The faster engine: libsodium by sodium-native, an optional dependency, where it loads. */
import { createRequire } from 'node:module';
import { NONCE_BYTES, TAG_BYTES, writeNonce, type Cipher, type Primitives, type PrivateKey } from './primitives.js';

/** What is used of sodium-native, which brings no types. Lengths are checked by it; failures throw. */
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
export function loadSodium(): Primitives | Error {
  try {
    const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;
    return {
      name: 'sodium',
      privateKey: (bytes) => new SodiumPrivateKey(sodium, bytes),
      cipher: (key) => new SodiumCipher(sodium, key),
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

// One packet is sealed or opened at a time: the key and nonce of the moment.
const nonce = new Uint8Array(NONCE_BYTES);
const keyWords = new Int32Array(KEY_BYTES / 4);
const keyBytes = new Uint8Array(keyWords.buffer);

class SodiumCipher implements Cipher {
  readonly #sodium: Sodium;
  // The key as 32-bit integers: a quarter of the memory of a typed array, and a server has two keys per session.
  #key0 = 0;
  #key1 = 0;
  #key2 = 0;
  #key3 = 0;
  #key4 = 0;
  #key5 = 0;
  #key6 = 0;
  #key7 = 0;

  constructor(sodium: Sodium, key: Uint8Array) {
    this.#sodium = sodium;
    keyBytes.set(key);
    this.#store();
  }

  seal(bytes: Uint8Array, offset: number, length: number, counter: number, additional?: Uint8Array): void {
    this.#load(counter);
    const end = offset + length;
    this.#sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
      bytes.subarray(offset, end + TAG_BYTES),
      bytes.subarray(offset, end),
      additional ?? null,
      null,
      nonce,
      keyBytes,
    );
  }

  open(bytes: Uint8Array, offset: number, length: number, counter: number, additional?: Uint8Array): boolean {
    this.#load(counter);
    const end = offset + length;
    try {
      this.#sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
        bytes.subarray(offset, end),
        null,
        bytes.subarray(offset, end + TAG_BYTES),
        additional ?? null,
        nonce,
        keyBytes,
      );
    } catch {
      return false;
    }
    return true;
  }

  wipe(): void {
    keyBytes.fill(0);
    this.#store();
  }

  #store(): void {
    [this.#key0 = 0, this.#key1 = 0, this.#key2 = 0, this.#key3 = 0] = keyWords;
    [this.#key4 = 0, this.#key5 = 0, this.#key6 = 0, this.#key7 = 0] = keyWords.subarray(4);
  }

  #load(counter: number): void {
    writeNonce(nonce, counter);
    keyWords[0] = this.#key0;
    keyWords[1] = this.#key1;
    keyWords[2] = this.#key2;
    keyWords[3] = this.#key3;
    keyWords[4] = this.#key4;
    keyWords[5] = this.#key5;
    keyWords[6] = this.#key6;
    keyWords[7] = this.#key7;
  }
}
