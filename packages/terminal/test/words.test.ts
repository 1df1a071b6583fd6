import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readHistory, writeHistory } from '../src/history.js';
import { keysOf } from '../src/keys.js';
import { nearestName, splitWords } from '../src/words.js';

describe('a line', () => {
  test.each([
    ['', []],
    ['  a   b ', ['a', 'b']],
    [`a "b c" 'd "e"' f`, ['a', 'b c', 'd "e"', 'f']],
    [String.raw`a\ b "c\"d" 'e\f'`, ['a b', 'c"d', String.raw`e\f`]],
    [`a"b"c ''`, ['abc', '']],
    ['"open quote', ['open quote']],
    ['end\\', ['end\\']],
  ])('the line %j has the words %j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test.each([
    ['stauts', 'status'],
    ['statu', 'status'],
    ['statuss', 'status'],
    ['kik', 'kick'],
    ['foo', undefined],
    ['something else', undefined],
    ['x'.repeat(100_000), undefined],
  ])('the name nearest to %j is %j', (misspelt, name) => {
    expect(nearestName(misspelt, ['status', 'kick', 'help', 'log', 'q'])).toBe(name);
  });
});

test('keys of a screen are distinguished from escape sequences', () => {
  expect(keysOf('q\x1b[A\x1bOq\x1bqx\x03\x0c\x1a')).toEqual([
    ...['quit', 'up', 'other', 'interrupt', 'repaint', 'suspend'],
  ]);
});

describe('the history', () => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-history-'));
  const file = join(folder, 'history');

  test('the history is written oldest first for its owner alone, and read newest first', () => {
    writeFileSync(file, 'readable by all\n', { mode: 0o644 });
    writeHistory(file, ['new', ' hidden', 'old']);
    expect(readFileSync(file, 'utf8')).toBe('old\nnew\n');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readHistory(file)).toEqual(['new', 'old']);
  });

  test('the history keeps the newest thousand lines', () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `line ${index}`);
    writeHistory(file, lines);
    expect(readHistory(file)).toEqual(lines.slice(0, 1000));
  });

  test('a missing history is empty, and one that cannot be written throws and leaves nothing behind', () => {
    expect(readHistory(join(folder, 'none'))).toEqual([]);
    expect(() => writeHistory(join(folder, 'none/history'), ['a'])).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
    rmSync(folder, { recursive: true });
  });
});
