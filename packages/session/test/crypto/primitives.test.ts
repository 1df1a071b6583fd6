import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import type { AeadPrimitives } from '../../src/crypto/aead.js';
import { deriveKeys, hash, Mac } from '../../src/crypto/blake2s.js';
import { loadNative, loadSodium, loadWasm, nodePrimitives, type Primitives } from '../../src/index.js';
import { ENGINES } from '../engines.js';
import { hex, unhex } from '../hex.js';

interface PrimitiveVectors {
  readonly x25519: readonly { readonly privateKey: string; readonly publicKey: string; readonly secret: string }[];
  readonly publicKeys: readonly { readonly privateKey: string; readonly publicKey: string }[];
  readonly lowOrder: readonly string[];
  readonly chacha20poly1305: readonly Record<'key' | 'plaintext' | 'additional' | 'sealed', string>[];
  readonly blake2s: readonly { readonly message: string; readonly hash: string }[];
  readonly hmac: readonly { readonly key: string; readonly input: string; readonly output: string }[];
}

const file = new URL('../../vectors/primitives.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as PrimitiveVectors;

describe.each(ENGINES)('with the engine %s', (_name: string, primitives: Primitives) => {
  test.each(vectors.x25519)('X25519 of RFC 7748 agrees on $secret', ({ privateKey, publicKey, secret }) => {
    const agreed = primitives.privateKey(unhex(privateKey)).agree(unhex(publicKey));
    expect(hex(agreed ?? new Uint8Array())).toBe(secret);
  });

  test.each(vectors.publicKeys)('the public key of RFC 7748 is $publicKey', ({ privateKey, publicKey }) => {
    expect(hex(primitives.privateKey(unhex(privateKey)).publicKey)).toBe(publicKey);
  });

  test.each(vectors.lowOrder)('a point of low order is refused: %s', (point) => {
    expect(primitives.privateKey(new Uint8Array(32).fill(9)).agree(unhex(point))).toBeUndefined();
  });

  test.each(vectors.chacha20poly1305)('ChaCha20-Poly1305 seals $sealed', ({ key, plaintext, additional, sealed }) => {
    const cipher = primitives.cipher(unhex(key));
    const bytes = Buffer.concat([unhex(plaintext), new Uint8Array(16)]);
    cipher.seal(bytes, 0, bytes.length - 16, 1, unhex(additional));
    expect(hex(bytes)).toBe(sealed);
  });

  test('what the other engine sealed opens, at any offset and with any counter', () => {
    const bytesOf = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
    fc.assert(
      fc.property(
        bytesOf(32, 32),
        bytesOf(0, 700),
        fc.maxSafeNat(),
        fc.nat(20),
        bytesOf(0, 40),
        (key, text, counter, offset, ad) => {
          const bytes = new Uint8Array(offset + text.length + 16 + 3).fill(0xee);
          bytes.set(text, offset);
          nodePrimitives.cipher(key).seal(bytes, offset, text.length, counter, ad);
          expect(primitives.cipher(key).open(bytes, offset, text.length, counter, ad)).toBe(true);
          expect(hex(bytes.subarray(offset, offset + text.length))).toBe(hex(text));
          expect([...bytes.subarray(0, offset), ...bytes.subarray(-3)].every((byte) => byte === 0xee)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([511, 512, 1400, 65_507])('what it sealed of %d bytes the other engine opens', (length) => {
    const text = Uint8Array.from({ length }, (_, index) => index * 7);
    const bytes = new Uint8Array(length + 16);
    bytes.set(text);
    primitives.cipher(text.subarray(0, 32)).seal(bytes, 0, length, 3);
    expect(nodePrimitives.cipher(text.subarray(0, 32)).open(bytes, 0, length, 3)).toBe(true);
    expect(hex(bytes.subarray(0, length))).toBe(hex(text));
  });

  test('another key, counter or additional data, or a changed bit, do not open', () => {
    const cipher = primitives.cipher(new Uint8Array(32).fill(1));
    const sealed = new Uint8Array(20 + 16).fill(5);
    cipher.seal(sealed, 0, 20, 7, Uint8Array.of(1));
    expect(cipher.open(sealed.slice(), 0, 20, 7, Uint8Array.of(1))).toBe(true);
    expect(cipher.open(sealed.slice(), 0, 20, 8, Uint8Array.of(1))).toBe(false);
    expect(cipher.open(sealed.slice(), 0, 20, 7 + 2 ** 32, Uint8Array.of(1))).toBe(false);
    expect(cipher.open(sealed.slice(), 0, 20, 7, Uint8Array.of(2))).toBe(false);
    expect(cipher.open(sealed.slice(), 0, 20, 7)).toBe(false);
    expect(primitives.cipher(new Uint8Array(32).fill(2)).open(sealed.slice(), 0, 20, 7, Uint8Array.of(1))).toBe(false);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(cipher.open(changed, 0, 20, 7, Uint8Array.of(1))).toBe(false);
    }
  });

  test('keys that take turns are never mixed up, whatever happens to others of them', () => {
    const step = fc.record({
      key: fc.nat(2),
      length: fc.constantFrom(0, 1, 64, 511, 512, 1400),
      counter: fc.maxSafeNat(),
      act: fc.constantFrom('seal', 'open', 'wipe'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const keys = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
        const ciphers = keys.map((key) => ({ ours: primitives.cipher(key), oracle: nodePrimitives.cipher(key) }));
        for (const { key, length, counter, act } of steps) {
          const cipher = ciphers[key];
          if (cipher === undefined) throw new Error('there are three keys');
          const bytes = new Uint8Array(length + 16).fill(7);
          const [sealing, opening] = act === 'open' ? [cipher.oracle, cipher.ours] : [cipher.ours, cipher.oracle];
          sealing.seal(bytes, 0, length, counter);
          expect(opening.open(bytes, 0, length, counter)).toBe(true);
          expect(bytes.subarray(0, length).every((byte) => byte === 7)).toBe(true);
          if (act === 'wipe') {
            cipher.ours.wipe();
            cipher.ours = primitives.cipher(new Uint8Array(32).fill(key + 1));
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a wiped key neither seals nor opens; to wipe it again does nothing', () => {
    const cipher = primitives.cipher(new Uint8Array(32).fill(1));
    const sealed = new Uint8Array(16);
    cipher.seal(sealed, 0, 0, 0);
    cipher.wipe();
    cipher.wipe();
    expect(() => cipher.seal(new Uint8Array(16), 0, 0, 0)).toThrow('the key was wiped');
    expect(() => cipher.open(sealed, 0, 0, 0)).toThrow('the key was wiped');
  });
});

const withKeys = [loadNative(), loadSodium(), await loadWasm()].flatMap((engine) =>
  engine instanceof Error ? [] : [engine],
);

test.each(withKeys)(
  'where a key was written for the engine $name it is wiped with its cipher',
  (engine: AeadPrimitives) => {
    const cipher = engine.cipher(new Uint8Array(32).fill(1));
    cipher.seal(new Uint8Array(16), 0, 0, 0);
    expect(engine.aead.key.every((word) => word === 0x01010101)).toBe(true);
    cipher.wipe();
    expect(engine.aead.key.every((word) => word === 0)).toBe(true);
  },
);

describe('BLAKE2s', () => {
  test.each(vectors.blake2s)('hashes as RFC 7693 and libb2 do: $hash', ({ message, hash: expected }) => {
    const bytes = unhex(message);
    const half = bytes.length >> 1;
    expect(hex(hash(bytes.subarray(0, half), bytes.subarray(half)))).toBe(expected);
  });

  test.each(vectors.hmac)('derives keys by HMAC: $output', ({ key, input, output }) => {
    const [first, second, third] = deriveKeys(unhex(key), unhex(input), 3);
    expect([first, second, third].map((part) => hex(part ?? new Uint8Array())).join('')).toBe(output);
    expect(deriveKeys(unhex(key), unhex(input), 2).map(hex)).toEqual(
      [first, second].map((part) => hex(part ?? new Uint8Array())),
    );
  });

  test('a keyed mac depends on the key and on every byte, and may be taken many times', () => {
    const mac = new Mac(new Uint8Array(32).fill(1));
    expect(mac.of(Uint8Array.of(1, 2))).toEqual(mac.of(Uint8Array.of(1, 2)));
    expect(mac.of(Uint8Array.of(1, 2))).not.toEqual(mac.of(Uint8Array.of(1, 3)));
    expect(mac.of(Uint8Array.of(1, 2))).not.toEqual(new Mac(new Uint8Array(32).fill(2)).of(Uint8Array.of(1, 2)));
  });
});
