import { nodePrimitives, type Cipher, type Primitives } from '../src/index.js';
import { hex } from './hex.js';

/**
 * An engine that writes down under which keys and counters it seals, and how often it tries to
 * open.
 */
export class RecordingPrimitives implements Primitives {
  readonly name = 'node';
  /** Each (key, counter) that sealed, as text. */
  readonly sealed = new Set<string>();
  /** Those that sealed a second time: there must be none. */
  readonly reused: string[] = [];
  opened = 0;

  readonly privateKey = (bytes: Uint8Array) => nodePrimitives.privateKey(bytes);

  cipher(key: Uint8Array): Cipher {
    const name = hex(key);
    const cipher = nodePrimitives.cipher(key);
    return {
      seal: (bytes, offset, length, counter, additional) => {
        const use = `${name} ${counter}`;
        if (this.sealed.has(use)) this.reused.push(use);
        this.sealed.add(use);
        cipher.seal(bytes, offset, length, counter, additional);
      },
      open: (bytes, offset, length, counter, additional) => {
        this.opened++;
        return cipher.open(bytes, offset, length, counter, additional);
      },
      wipe: () => cipher.wipe(),
    };
  }
}
