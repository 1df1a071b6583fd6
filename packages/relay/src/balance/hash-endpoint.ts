/**
 * MurmurHash3 (A. Appleby, x86, 32 bits) of endpoints. It has no key, so that each server and each
 * life of it hashes alike: whoever can choose his address can choose his upstream, as with every
 * consistent hash, and gains no more than what he could send from elsewhere.
 */
import { packedPort } from '@relay/packet';

const ADDRESS_BYTES = 16;

/** The hash of a packed endpoint's address, and of its port if asked: 32 bits. */
export function hashEndpoint(packed: Uint8Array, withPort: boolean): number {
  let hash = 0;
  for (let i = 0; i < ADDRESS_BYTES; i += 4) hash = add(hash, word(packed, i));
  if (withPort) hash = add(hash, packedPort(packed, 0));
  return mix(hash ^ (withPort ? ADDRESS_BYTES + 4 : ADDRESS_BYTES));
}

/** The finish of MurmurHash3: each bit of `hash` changes each bit of the result half the time. */
export function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function add(hash: number, block: number): number {
  const scattered = Math.imul(rotated(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotated(hash ^ scattered, 13), 5) + 0xe6546b64) | 0;
}

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
