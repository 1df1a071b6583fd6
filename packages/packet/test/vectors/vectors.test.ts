import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { CODECS } from './codecs.js';
import { checkVectors, type VectorFile } from './vectors.js';

const folder = new URL('../../vectors/', import.meta.url);
const fileNames = readdirSync(folder).filter((name) => name.endsWith('.json'));

test('every file of vectors has a codec, and every codec a file', () => {
  expect(fileNames.sort()).toEqual(Object.keys(CODECS).sort());
});

describe.each(fileNames)('%s', (fileName) => {
  const file = JSON.parse(readFileSync(new URL(fileName, folder), 'utf8')) as VectorFile;

  test.each([...checkVectors(fileName, file)])('$name', ({ problem }) => {
    expect(problem).toBeUndefined();
  });

  test('the file of vectors names its source', () => {
    expect(file.source).not.toBe('');
  });
});
