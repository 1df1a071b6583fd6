import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Archive } from '../src/file/archive.js';
import { temporaryFolder } from './support/folder.js';

test('a file that was closed while the folder could not be read is archived with the next one', async () => {
  const directory = join(temporaryFolder(), 'logs');
  const away = `${directory}-away`;
  mkdirSync(directory);
  const [first, second] = ['relay-2026-01-01.log', 'relay-2026-01-02.log'].map((name) => join(directory, name));
  if (first === undefined || second === undefined) throw new Error('two files');
  for (const path of [first, second]) writeFileSync(path, 'line\n');
  const limits = { fullBytes: 1 << 20, maxFiles: 10, maxTotalBytes: 1 << 20, compress: false };
  const archive = new Archive({ directory, name: 'relay', ...limits });
  renameSync(directory, away);
  archive.add(first);
  await archive.stop();
  renameSync(away, directory);
  archive.add(second);
  await archive.stop();
  expect(readdirSync(directory).sort()).toEqual(['relay-2026-01-01-000001.log', 'relay-2026-01-02-000001.log']);
});
