// The addon trusts no number and no array from JavaScript. Under the sanitizers (`pnpm sanitize`)
// this shows that it reads and writes no foreign memory.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCipheriv } from 'node:crypto';
import { loadNative } from '../../src/index.js';
import { hex, unhex } from '../hex.js';
import { addonFile, loadAddon, type Addon } from './addon.js';

test('the native engine loads exactly where there is an addon', () => {
  expect(loadNative() instanceof Error).toBe(addonFile === undefined);
});

if (addonFile !== undefined) describeAddon(loadAddon(addonFile));

function describeAddon(addon: Addon): void {
  const [key, nonce] = [new Int32Array(8), new Uint8Array(12)];
  const calls = addon.start(key, nonce);
  const keyBytes = new Uint8Array(key.buffer);
  const outcome = (call: () => unknown): unknown => {
    try {
      return call();
    } catch (error) {
      return (error as { code?: unknown }).code;
    }
  };

  describe('the addon', () => {
    test('seals and opens the example of RFC 8439 §2.8.2', () => {
      keyBytes.set(Array.from({ length: 32 }, (_, index) => 0x80 + index));
      nonce.set(unhex('070000004041424344454647'));
      const text =
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
      const additional = unhex('50515253c0c1c2c3c4c5c6c7');
      const bytes = Buffer.concat([Buffer.from(text), new Uint8Array(16)]);
      calls.seal(bytes, 0, text.length, additional);
      expect(hex(bytes.subarray(0, 16))).toBe('d31a8d34648e60db7b86afbc53ef7ec2');
      expect(hex(bytes.subarray(text.length))).toBe('1ae10b594f09e26a7e902ecbd0600691');
      expect(calls.open(bytes, 0, text.length, additional)).toBe(true);
      expect(bytes.subarray(0, text.length).toString()).toBe(text);
    });

    test('seals as node:crypto does under any key and nonce', () => {
      const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
      const any = fc.tuple(bytesOf(32), bytesOf(12), fc.uint8Array({ maxLength: 3000 }), fc.uint8Array());
      fc.assert(
        fc.property(any, ([anyKey, anyNonce, text, additional]) => {
          const cipher = createCipheriv('chacha20-poly1305', anyKey, anyNonce, { authTagLength: 16 });
          cipher.setAAD(additional, { plaintextLength: text.length });
          const expected = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
          const bytes = Buffer.concat([text, new Uint8Array(16)]);
          keyBytes.set(anyKey);
          nonce.set(anyNonce);
          calls.seal(bytes, 0, text.length, additional);
          expect(hex(bytes)).toBe(hex(expected));
          expect(calls.open(bytes, 0, text.length, additional)).toBe(true);
        }),
        { numRuns: 300 },
      );
    });

    test.each([
      ['an offset before the bytes', -1, 10],
      ['a length below zero', 20, -1],
      ['no room for the tag', 0, 85],
      ['an end beyond the bytes', 80, 5],
      ['an offset beyond the bytes', 101, 0],
      ['an offset that is no number', Number.NaN, 10],
      ['a length that is no number', 0, Number.NaN],
      ['an offset that wraps in 32 bits', 2 ** 32, 10],
      ['a length that wraps in 32 bits', 0, 2 ** 32],
      ['a sum that wraps in 64 bits', 2 ** 64 - 20, 10],
      ['numbers without an end', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    ])('refuses %s', (_name, offset, length) => {
      const bytes = new Uint8Array(100);
      for (const call of [calls.seal, calls.open])
        expect(outcome(() => call(bytes, offset, length))).toBe('ERR_OUT_OF_RANGE');
      expect(bytes.every((byte) => byte === 0)).toBe(true);
    });

    test('touches no byte beside the packet and its tag, in a view as in a whole array', () => {
      fc.assert(
        fc.property(fc.nat(60), fc.nat(60), fc.nat(60), fc.nat(60), (before, offset, length, after) => {
          const whole = new Uint8Array(before + offset + length + 16 + after).fill(0xee);
          const view = whole.subarray(before);
          calls.seal(view, offset, length);
          const ours = whole.subarray(before + offset, before + offset + length + 16);
          expect(calls.open(view, offset, length)).toBe(true);
          ours.fill(0xee);
          expect(whole.every((byte) => byte === 0xee)).toBe(true);
        }),
      );
    });

    test('reads and writes nothing of an array whose buffer was transferred', () => {
      const bytes = new Uint8Array(1000);
      calls.seal(bytes, 0, 900);
      const taken = structuredClone(bytes, { transfer: [bytes.buffer] });
      expect(outcome(() => calls.open(bytes, 0, 900))).toBe('ERR_OUT_OF_RANGE');
      expect(calls.open(taken, 0, 900)).toBe(true);
    });

    const anything = fc.oneof(
      fc.integer(),
      fc.double(),
      fc.constantFrom(undefined, null, true, '', -1, 0, 1, 16, 2 ** 31, 2 ** 32, 2 ** 53, 10n, Symbol('any')),
      fc.integer({ min: 0, max: 500 }).map((length) => new Uint8Array(length)),
      fc.integer({ min: 0, max: 50 }).map((length) => new Int32Array(length)),
      fc.constantFrom(new Uint8Array(new SharedArrayBuffer(64)), new DataView(new ArrayBuffer(64)), {}, []),
    );

    test.each(['seal', 'open', 'start'] as const)('throws at, or takes, any arguments of %s', (name) => {
      const call: (...values: never[]) => unknown = name === 'start' ? addon.start : calls[name];
      fc.assert(
        fc.property(fc.array(anything, { maxLength: 5 }), (values) => {
          const result = outcome(() => Reflect.apply(call, undefined, values));
          const taken = { seal: undefined, open: false, start: expect.objectContaining({}) as unknown }[name];
          expect([taken, true, 'ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE']).toContainEqual(result);
        }),
        { numRuns: 500 },
      );
    });

    test('leaves no error behind in OpenSSL that another call of node:crypto would find', () => {
      const bytes = new Uint8Array(100);
      for (let count = 0; count < 100; count++) expect(calls.open(bytes, 0, 84)).toBe(false);
      expect(createCipheriv('chacha20-poly1305', keyBytes, nonce, { authTagLength: 16 }).final()).toHaveLength(0);
    });
  });
}
