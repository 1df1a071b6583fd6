import { writeNonce, type Cipher, type Primitives } from './primitives.js';

/**
 * ChaCha20-Poly1305 of one library, in place. One packet is sealed or opened at a time: under the
 * key and nonce that were written last.
 */
export interface Aead {
  /** {@link KEY_WORDS} words. */
  readonly key: Int32Array;
  /** 12 bytes, the first four of which are zero. */
  readonly nonce: Uint8Array;
  /** As `Cipher.seal`. */
  seal(bytes: Uint8Array, offset: number, length: number, additional: Uint8Array | undefined): void;
  /** As `Cipher.open`. */
  open(bytes: Uint8Array, offset: number, length: number, additional: Uint8Array | undefined): boolean;
  /** Wipes what is left here of keys. */
  forget(): void;
}

/**
 * Which library seals and opens: one for packets of up to {@link SMALL_BYTES}, one for larger ones.
 * They may be the same.
 */
export interface AeadBySize {
  readonly small: Aead;
  readonly large: Aead;
}

/** Primitives whose AEAD may be combined with another. */
export interface AeadPrimitives extends Primitives {
  readonly aead: Aead;
}

/**
 * Below eight blocks a library that is quick to call wins, from there on one with wide registers:
 * docs/decisions/webassembly-for-small-packets.md.
 */
const SMALL_BYTES = 8 * 64 - 1;

/** 32-bit words of a key. */
export const KEY_WORDS = 8;

/** A key on its way into the fields of a cipher; zeros at all other times. */
const words = new Int32Array(KEY_WORDS);
const wordBytes = new Uint8Array(words.buffer);

/**
 * A key as eight 32-bit integers: a quarter of the memory of a typed array, and a server has two
 * keys per session.
 */
export class WordCipher implements Cipher {
  /** Undefined once the key is wiped. */
  #aead: AeadBySize | undefined;
  #key0 = 0;
  #key1 = 0;
  #key2 = 0;
  #key3 = 0;
  #key4 = 0;
  #key5 = 0;
  #key6 = 0;
  #key7 = 0;

  constructor(aead: AeadBySize, key: Uint8Array) {
    this.#aead = aead;
    wordBytes.set(key);
    this.#store();
    words.fill(0);
  }

  seal(bytes: Uint8Array, offset: number, length: number, counter: number, additional?: Uint8Array): void {
    this.#loaded(length, counter).seal(bytes, offset, length, additional);
  }

  open(bytes: Uint8Array, offset: number, length: number, counter: number, additional?: Uint8Array): boolean {
    return this.#loaded(length, counter).open(bytes, offset, length, additional);
  }

  wipe(): void {
    this.#store(); // zeros
    this.#aead?.small.forget();
    this.#aead?.large.forget();
    this.#aead = undefined;
  }

  /** What seals or opens `length` bytes, with the key and the nonce in place. */
  #loaded(length: number, counter: number): Aead {
    if (this.#aead === undefined) throw new Error('the key was wiped');
    const aead = length <= SMALL_BYTES ? this.#aead.small : this.#aead.large;
    const { key } = aead;
    key[0] = this.#key0;
    key[1] = this.#key1;
    key[2] = this.#key2;
    key[3] = this.#key3;
    key[4] = this.#key4;
    key[5] = this.#key5;
    key[6] = this.#key6;
    key[7] = this.#key7;
    writeNonce(aead.nonce, counter);
    return aead;
  }

  /** Keeps what `words` hold. */
  #store(): void {
    [this.#key0 = 0, this.#key1 = 0, this.#key2 = 0, this.#key3 = 0] = words;
    [this.#key4 = 0, this.#key5 = 0, this.#key6 = 0, this.#key7 = 0] = words.subarray(4);
  }
}
