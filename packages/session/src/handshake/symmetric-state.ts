import { deriveKeys, hash, HASH_BYTES } from '../crypto/blake2s.js';
import { TAG_BYTES, type Cipher, type Primitives } from '../crypto/primitives.js';

/** The keys that a finished handshake leaves, 32 bytes each: one per direction. */
export interface SplitKeys {
  readonly initiatorToResponder: Uint8Array;
  readonly responderToInitiator: Uint8Array;
}

/**
 * The SymmetricState of the Noise framework (revision 34, §5.2) with BLAKE2s and ChaCha20-Poly1305:
 * a chaining key, a hash of all that was said, and from the first shared secret on a cipher.
 */
export class SymmetricState {
  readonly #primitives: Primitives;
  #chainingKey: Uint8Array;
  #hash: Uint8Array;
  #cipher: Cipher | undefined;
  #nonce = 0;

  constructor(primitives: Primitives, protocolName: string, prologue: Uint8Array) {
    this.#primitives = primitives;
    this.#hash = hashOfName(protocolName);
    this.#chainingKey = this.#hash;
    this.mixHash(prologue);
  }

  mixHash(data: Uint8Array): void {
    this.#hash = hash(this.#hash, data);
  }

  mixKey(secret: Uint8Array): void {
    const [chainingKey, key] = deriveKeys(this.#chainingKey, secret, 2) as [Uint8Array, Uint8Array];
    this.#advance(chainingKey, key);
  }

  mixKeyAndHash(secret: Uint8Array): void {
    const [chainingKey, mixed, key] = deriveKeys(this.#chainingKey, secret, 3) as [Uint8Array, Uint8Array, Uint8Array];
    this.#advance(chainingKey, key);
    this.mixHash(mixed);
  }

  /** The ciphertext and tag of `plaintext`, which also enter the hash. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    sealed.set(plaintext);
    this.#requireCipher().seal(sealed, 0, plaintext.length, this.#nonce++, this.#hash);
    this.mixHash(sealed);
    return sealed;
  }

  /** The plaintext of `sealed`, which enters the hash; undefined if it is not authentic. */
  decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
    const length = sealed.length - TAG_BYTES;
    const opened = Uint8Array.from(sealed);
    if (length < 0 || !this.#requireCipher().open(opened, 0, length, this.#nonce++, this.#hash)) return undefined;
    this.mixHash(sealed);
    return opened.subarray(0, length);
  }

  /**
   * A state of its own with the same chaining key and hash, and no cipher: one is made by the next
   * `mixKey`.
   */
  clone(): SymmetricState {
    const clone = new SymmetricState(this.#primitives, '', new Uint8Array(0));
    clone.#chainingKey = Uint8Array.from(this.#chainingKey);
    clone.#hash = this.#hash;
    return clone;
  }

  /** The transport keys; the state must not be used after. */
  split(): SplitKeys {
    const [initiatorToResponder, responderToInitiator] = deriveKeys(this.#chainingKey, new Uint8Array(0), 2) as [
      Uint8Array,
      Uint8Array,
    ];
    this.wipe();
    return { initiatorToResponder, responderToInitiator };
  }

  /** Forgets the keys; the state must not be used after. */
  wipe(): void {
    this.#chainingKey.fill(0);
    this.#cipher?.wipe();
    this.#cipher = undefined;
  }

  #advance(chainingKey: Uint8Array, key: Uint8Array): void {
    this.wipe();
    this.#chainingKey = chainingKey;
    this.#cipher = this.#primitives.cipher(key);
    this.#nonce = 0;
    key.fill(0);
  }

  #requireCipher(): Cipher {
    if (this.#cipher === undefined) throw new Error('no secret was mixed in yet, or the state is spent');
    return this.#cipher;
  }
}

/**
 * Noise §5.2, InitializeSymmetric: a name that fits is padded with zeros, a longer one is hashed.
 */
function hashOfName(name: string): Uint8Array {
  const bytes = Buffer.from(name, 'ascii');
  if (bytes.length > HASH_BYTES) return hash(bytes, new Uint8Array(0));
  const padded = new Uint8Array(HASH_BYTES);
  padded.set(bytes);
  return padded;
}
