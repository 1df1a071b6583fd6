import { createPrivateKey, createPublicKey, randomFillSync } from 'node:crypto';

/** Bytes of an X25519 key, private or public. */
export const KEY_BYTES = 32;

/**
 * An X25519 key pair (RFC 7748). `publicKey` is the identity of its holder; both are {@link
 * KEY_BYTES} long.
 */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** Fills all of `bytes` with random bytes. From a cryptographic generator, except in tests. */
export type RandomSource = (bytes: Uint8Array) => void;

/** Random bytes of the operating system's generator. */
export const systemRandom: RandomSource = (bytes) => {
  randomFillSync(bytes);
};

/** A new key pair, from the operating system's generator if no other is given. */
export function generateKeyPair(random: RandomSource = systemRandom): KeyPair {
  const privateKey = new Uint8Array(KEY_BYTES);
  random(privateKey);
  return keyPairOf(privateKey);
}

/**
 * The key pair of a private key of {@link KEY_BYTES}, which is copied. Throws a RangeError for
 * another length.
 */
export function keyPairOf(privateKey: Uint8Array): KeyPair {
  if (privateKey.length !== KEY_BYTES)
    throw new RangeError(`a private key is ${KEY_BYTES} bytes, not ${privateKey.length}`);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEADER, privateKey]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
  return { publicKey: Uint8Array.from(publicKey), privateKey: Uint8Array.from(privateKey) };
}

/** A key as text: base64url without padding, 43 characters. */
export function formatKey(key: Uint8Array): string {
  return Buffer.from(key).toString('base64url');
}

/** The key that {@link formatKey} wrote, or undefined if the text is not exactly that. */
export function parseKey(text: string): Uint8Array | undefined {
  const key = Uint8Array.from(Buffer.from(text, 'base64url'));
  return key.length === KEY_BYTES && formatKey(key) === text ? key : undefined;
}

/** What precedes the 32 bytes of an X25519 private key in PKCS #8 (RFC 8410 §7). */
const PKCS8_HEADER = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** A key as a string of as many characters as it has bytes: what maps can be keyed by. */
export function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

/** The key of a {@link nameOf}. */
export function keyOfName(name: string): Uint8Array {
  return Uint8Array.from(Buffer.from(name, 'latin1'));
}
