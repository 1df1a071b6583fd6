/**
 * The primitives that a channel takes from well-kept libraries, behind one small interface: X25519
 * (RFC 7748) and ChaCha20-Poly1305 (RFC 8439). Four engines implement it, native.ts, sodium.ts,
 * wasm.ts and node.ts; the same vectors pass on each. BLAKE2s (blake2s.ts) and XChaCha20-Poly1305
 * (handshake/cookie.ts) are the same everywhere.
 */
export interface Primitives {
  readonly name: 'native' | 'sodium and wasm' | 'sodium' | 'wasm' | 'node';
  /** Takes a private key of 32 bytes into a form ready for use. The bytes are copied. */
  privateKey(bytes: Uint8Array): PrivateKey;
  /** Takes a key of 32 bytes into a form ready for use. The bytes are copied. */
  cipher(key: Uint8Array): Cipher;
}

/** An X25519 private key. */
export interface PrivateKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * The shared secret with a peer's public key (32 bytes each); undefined if that is a point of low
   * order.
   */
  agree(peerPublicKey: Uint8Array): Uint8Array | undefined;
  /** Forgets the key as far as the runtime allows; it must not be used after. */
  wipe(): void;
}

/**
 * ChaCha20-Poly1305 under one key, in place. The nonce is 4 zero bytes and the counter as 64 bits
 * little-endian, as in WireGuard and Noise; the counter is an integer from 0 to 2^53 - 1.
 * `additional`, up to 64 bytes, is authenticated, not encrypted.
 */
export interface Cipher {
  /**
   * Encrypts `bytes[offset .. offset + length]` and writes the tag of {@link TAG_BYTES} after it.
   */
  seal(bytes: Uint8Array, offset: number, length: number, counter: number, additional?: Uint8Array): void;
  /**
   * Decrypts `bytes[offset .. offset + length]`, checking the tag that follows it. False if it is
   * not authentic: then what lies there is undefined.
   */
  open(bytes: Uint8Array, offset: number, length: number, counter: number, additional?: Uint8Array): boolean;
  /** Forgets the key as far as the runtime allows. To seal or open after it throws. */
  wipe(): void;
}

/** Bytes of a Poly1305 tag. */
export const TAG_BYTES = 16;

/** Bytes of a ChaCha20 nonce (RFC 8439 §2.3). */
export const NONCE_BYTES = 12;

/** Writes the nonce of a counter: 4 zero bytes, then 64 bits little-endian. */
export function writeNonce(nonce: Uint8Array, counter: number): void {
  const high = Math.floor(counter / 0x1_0000_0000);
  nonce[4] = counter;
  nonce[5] = counter >>> 8;
  nonce[6] = counter >>> 16;
  nonce[7] = counter >>> 24;
  nonce[8] = high;
  nonce[9] = high >>> 8;
  nonce[10] = high >>> 16;
}
