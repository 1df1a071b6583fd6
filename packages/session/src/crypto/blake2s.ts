/** BLAKE2s (RFC 7693) and what WireGuard's paper (§5.4) and Noise (§4.3) build on it: Hash, Mac, and the KDF, which is HKDF. */
import { blake2s } from '@noble/hashes/blake2.js';
import { hmac } from '@noble/hashes/hmac.js';

/** Bytes of a hash. */
export const HASH_BYTES = 32;
/** Bytes of a mac: mac1, mac2, a cookie. */
export const MAC_BYTES = 16;

/** Hash(parts joined): {@link HASH_BYTES}. */
export function hash(...parts: readonly Uint8Array[]): Uint8Array {
  const state = blake2s.create({ dkLen: HASH_BYTES });
  for (const part of parts) state.update(part);
  return state.digest();
}

/** Mac(key, message): BLAKE2s in its keyed mode, {@link MAC_BYTES}. The key has at most 32 bytes. */
export function mac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return blake2s(message, { key, dkLen: MAC_BYTES });
}

/** The first `count` outputs of HKDF with `input` under the chaining key (Noise §4.3): {@link HASH_BYTES} each. */
export function deriveKeys(chainingKey: Uint8Array, input: Uint8Array, count: 1 | 2 | 3): Uint8Array[] {
  const secret = hmac(blake2s, chainingKey, input);
  const outputs: Uint8Array[] = [];
  let message: Uint8Array = Uint8Array.of(1);
  for (let number = 1; number <= count; number++) {
    const output = hmac(blake2s, secret, message);
    outputs.push(output);
    message = Uint8Array.of(...output, number + 1);
  }
  secret.fill(0);
  return outputs;
}
