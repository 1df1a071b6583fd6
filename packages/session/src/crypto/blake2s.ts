/**
 * BLAKE2s (RFC 7693) and what WireGuard's paper (§5.4) and Noise (§4.3) build on it: Hash, Mac, and
 * the KDF, which is HKDF. node:crypto has the plain hash, several times faster than JavaScript; the
 * keyed mode, which it lacks, is that of \@noble/hashes.
 */
import { createHmac, hash as hashOnce } from 'node:crypto';
import { blake2s } from '@noble/hashes/blake2.js';

/** Bytes of a hash. */
export const HASH_BYTES = 32;
/** Bytes of a mac: mac1, mac2, a cookie. */
export const MAC_BYTES = 16;

const ALGORITHM = 'blake2s256';

/** Hash(first, second): {@link HASH_BYTES}. */
export function hash(first: Uint8Array, second: Uint8Array): Uint8Array {
  return hashOnce(ALGORITHM, Buffer.concat([first, second]), 'buffer');
}

/**
 * Mac(key, ·) for one key: BLAKE2s in its keyed mode, {@link MAC_BYTES}. The key has at most 32
 * bytes. A start that all messages have in common may be given beforehand, and is then left out of
 * them: that saves a third of the work for a short message.
 */
export class Mac {
  readonly #keyed: ReturnType<typeof blake2s.create>;

  constructor(key: Uint8Array, start = new Uint8Array(0)) {
    this.#keyed = blake2s.create({ key, dkLen: MAC_BYTES }).update(start);
  }

  of(message: Uint8Array): Uint8Array {
    return this.#keyed.clone().update(message).digest();
  }
}

/**
 * The first `count` outputs of HKDF with `input` under the chaining key (Noise §4.3): {@link
 * HASH_BYTES} each.
 */
export function deriveKeys(chainingKey: Uint8Array, input: Uint8Array, count: 1 | 2 | 3): Uint8Array[] {
  const secret = createHmac(ALGORITHM, chainingKey).update(input).digest();
  const outputs: Uint8Array[] = [];
  for (let number = 1; number <= count; number++) {
    const hmac = createHmac(ALGORITHM, secret);
    const before = outputs.at(-1);
    if (before !== undefined) hmac.update(before);
    outputs.push(hmac.update(Uint8Array.of(number)).digest());
  }
  secret.fill(0);
  return outputs;
}
