import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonLine } from '../src/json-line.js';

test('a line of JSON means what was written, and has nothing that a terminal obeys or hides', () => {
  const text = fc.string({
    unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u009b', '\u202e', '\u{e0041}')),
  });
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }))), (value) => {
      const line = jsonLine(value);
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});
