import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readTimestamp, timestampOf, writeTimestamp } from '../../src/handshake/timestamp.js';
import { hex } from '../hex.js';

describe('a TAI64N timestamp', () => {
  test.each([
    [0, '400000000000000000000000'],
    [1000.5, '40000000000000010007a120'],
    [1_790_000_000_123, '400000006ab13b800754d4c0'],
  ])('of %d ms since 1970 is %s', (wallMs, text) => {
    expect(hex(writeTimestamp(timestampOf(wallMs)))).toBe(text);
  });

  test('is read as it was written, and grows as bytes do', () => {
    const time = fc.double({ min: 0, max: 8e15, noNaN: true });
    fc.assert(
      fc.property(time, time, (one, other) => {
        const [a, b] = [timestampOf(one), timestampOf(other)];
        expect(readTimestamp(writeTimestamp(a))).toBe(a);
        expect(Math.sign(Buffer.compare(writeTimestamp(a), writeTimestamp(b)))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });
});
