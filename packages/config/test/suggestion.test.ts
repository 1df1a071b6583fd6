import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { suggestionFor } from '../src/index.js';

const keys = ['listen', 'logLevel', 'logFile', 'limits', 'forward', 'maxFlows', 'idle'];

test.each([
  ['lisen', 'listen'],
  ['ilsten', 'listen'],
  ['LISTEN', 'listen'],
  ['log-level', 'logLevel'],
  ['log_levle', 'logLevel'],
  ['forwards', 'forward'],
  ['max', 'maxFlows'],
  ['loglevelofsessions', 'logLevel'],
  ['id', undefined],
  ['xyzzy', undefined],
  ['', undefined],
  ['toString', undefined],
])('the suggestion for %j is %j', (word, meant) => expect(suggestionFor(word, keys)).toBe(meant));

test('each key with one wrong letter gets its suggestion, and nonsense gets none', () => {
  const long = keys.filter((key) => key.length >= 6);
  fc.assert(
    fc.property(fc.constantFrom(...long), fc.nat(), fc.stringMatching(/^[a-z]?$/), (key, offset, letter) => {
      const at = offset % key.length;
      expect(suggestionFor(`${key.slice(0, at)}${letter}${key.slice(at + 1)}`, keys)).toBe(key);
    }),
  );
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{4,200}$/), (word) => expect(suggestionFor(word, keys)).toBeUndefined()),
  );
});
