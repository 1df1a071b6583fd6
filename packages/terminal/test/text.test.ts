import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  displayWidth,
  fitWidth,
  formatBytes,
  formatDuration,
  formatRate,
  padWidth,
  plainText,
  table,
} from '../src/index.js';

describe('plain text', () => {
  test.each([
    ['as it is: 漢字 é 👍', 'as it is: 漢字 é 👍'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\x1b]0;title\x07text', 'text'],
    ['\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
    ['\x1bP payload \x1b\\after', 'after'],
    ['\x9b2Jafter', 'after'],
    ['\x1b(0after', 'after'],
    ['\x1bcreset', 'reset'],
    ['one\ntwo\r\n\tthree', 'one two three'],
    ['a\u202eb\u2066c\u200b\ufeff', 'abc'],
    ['bell\x07 nul\0 del\x7f', 'bell nul del'],
    ['cut off \x1b[31', 'cut off 31'],
    ['cut off \x1b]0;title', 'cut off 0;title'],
  ])('the plain text of %j is %j', (text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  test.each(['\x9d', '\x1b]', '\x1b[0', '\x1bP;', '\x9b0'])(
    'plainText handles a million times %j in no time',
    (sequence) => {
      expect(plainText(sequence.repeat(1_000_000))).not.toContain(sequence);
    },
  );

  test('plainText leaves no control character or bidirectional control, and changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const plain = plainText(text);
        expect(plain).not.toMatch(/[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
        expect(plainText(plain)).toBe(plain);
      }),
    );
  });
});

describe('width', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['漢字', 4],
    ['ｱ', 1],
    ['Ａ', 2],
    ['e\u0301', 1],
    ['👍', 2],
    ['한국', 4],
  ])('the width of %j is %d columns', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });

  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['漢字漢字', 7, '漢字漢…'],
    ['漢字漢字', 6, '漢字…'],
    ['漢字', 1, '…'],
    ['abc', 0, ''],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  ])('fitWidth of %j in %d columns is %j', (text, columns, fitted) => {
    expect(fitWidth(text, columns)).toBe(fitted);
  });

  test('fitWidth reads a huge text only as far as it is shown', () => {
    expect(fitWidth('漢'.repeat(20_000_000), 5)).toBe('漢漢…');
  });

  test('fitWidth never gives a wider text than requested', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '漢', 'e\u0301', '👍', ' ') }),
        fc.nat(20),
        (text, columns) => {
          expect(displayWidth(fitWidth(text, columns))).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  test('padWidth adds blanks on either side', () => {
    expect(padWidth('漢', 4)).toBe('漢  ');
    expect(padWidth('漢', 4, 'right')).toBe('  漢');
    expect(padWidth('abcd', 2)).toBe('abcd');
  });
});

test('a table has straight columns for any cells', () => {
  const rows = [['client', 'rate'], ['漢字', '1'], ['evil\x1b[2J\n', '1,000'], ['alone']];
  expect(table(rows, { align: ['left', 'right'] })).toEqual([
    'client   rate',
    '漢字        1',
    'evil    1,000',
    'alone',
  ]);
  expect(table([])).toEqual([]);
});

describe('numbers for people', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [1536, '1.50 KiB'],
    [1_048_570, '1.00 MiB'],
    [12_884_901_888, '12.0 GiB'],
    [-2048, '-2.00 KiB'],
    [NaN, '–'],
  ])('formatBytes shows %d bytes as %j', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0, undefined, '0 /s'],
    [12.5, undefined, '12.5 /s'],
    [1_250_000, 'bit/s', '1.25 Mbit/s'],
    [999_999, 'B/s', '1.00 MB/s'],
    [Infinity, 'B/s', '–'],
  ])('formatRate shows %d per second in %s as %j', (value, unit, text) => {
    expect(formatRate(value, unit)).toBe(text);
  });

  test.each([
    [0, '0 ms'],
    [0.347, '0.35 ms'],
    [999.9, '999 ms'],
    [12_345, '12.3 s'],
    [59_999, '59.9 s'],
    [245_000, '4m 05s'],
    [3_599_999, '59m 59s'],
    [11_220_000, '3h 07m'],
    [187_200_000, '2d 04h'],
    [-1500, '-1.5 s'],
    [NaN, '–'],
  ])('formatDuration shows %d ms as %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
