import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeUntrusted } from '../src/index.js';

// Written out once more, by code points and not by Unicode's classes, as the oracle of what must
// not pass.
const FORBIDDEN: [number, number][] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x061c, 0x061c],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xe0001, 0xe007f],
];

function isForbidden(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return FORBIDDEN.some(([first, last]) => code >= first && code <= last);
}

describe('escaping text from outside', () => {
  test.each([
    ['plain text, with punctuation: 192.0.2.1', 'plain text, with punctuation: 192.0.2.1'],
    ['Zürich 東京 👍', 'Zürich 東京 👍'],
    ['one\ntwo\r\n\tthree', 'one\\ntwo\\r\\n\\tthree'],
    ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\x9b2J', '\\x9b2J'],
    ['abc\u202egpj.exe', 'abc\\u202egpj.exe'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\ud800'],
    ['nul\0', 'nul\\x00'],
  ])('escapeUntrusted turns %j into %j', (text, escaped) => {
    expect(escapeUntrusted(text)).toBe(escaped);
  });

  test('escapeUntrusted leaves nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(Array.from(escapeUntrusted(text)).filter(isForbidden)).toEqual([]);
      }),
    );
  });

  test('escapeUntrusted changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeUntrusted(escapeUntrusted(text))).toBe(escapeUntrusted(text));
      }),
    );
  });

  test('escapeUntrusted cuts a long text, states by how much, and halves no character', () => {
    expect(escapeUntrusted('abcdef', 4)).toBe('abcd…(+2)');
    expect(escapeUntrusted('abc👍👍', 4)).toBe('abc…(+4)');
    expect(escapeUntrusted('abcdef', 6)).toBe('abcdef');
  });
});
