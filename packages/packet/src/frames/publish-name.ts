import { DROP } from '../drop-reason.js';

const MAX_BYTES = 64;
// Control characters, what only changes how other characters are shown, line separators, and halves
// of characters, which have no bytes.
const NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$/u;

/** The bytes of the name of what a client publishes. Throws a RangeError if it is none. */
export function encodePublishName(name: string): Uint8Array {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > MAX_BYTES || !NAME.test(name)) throw new RangeError('not a name of what is published');
  return bytes;
}

/** The name that the bytes are, or a drop code: bad-value. */
export function decodePublishName(bytes: Uint8Array): string | number {
  if (bytes.length > MAX_BYTES) return DROP.badValue;
  try {
    const name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return NAME.test(name) ? name : DROP.badValue;
  } catch {
    return DROP.badValue; // not UTF-8
  }
}
