/** XChaCha20-Poly1305, for the packets that are sealed outside of any session. */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';

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
