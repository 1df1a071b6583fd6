import { DROP } from '../drop-reason.js';

const MAX_BYTES = 64;
const encoder = new TextEncoder();
// Control characters, what only changes how other characters are shown, line separators, and halves
// of characters, which have no bytes.
const NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$/u;

/** Whether a text can be the name of what is published. */
export const isPublishName = (name: string): boolean => NAME.test(name) && encoder.encode(name).length <= MAX_BYTES;

/** The bytes of the name of what a client publishes. Throws a RangeError if it is none. */
export function encodePublishName(name: string): Uint8Array {
  if (!isPublishName(name)) throw new RangeError('not a name of what is published');
  return encoder.encode(name);
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
