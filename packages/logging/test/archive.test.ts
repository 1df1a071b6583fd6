import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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
  expect(readdirSync(directory).sort()).toEqual(['relay-2026-01-01-000001.log', 'relay-2026-01-02-000002.log']);
});

test('of files from before and after the clock was set back, those that were written last stay', async () => {
  const directory = temporaryFolder();
  const limits = { fullBytes: 1 << 20, maxFiles: 3, maxTotalBytes: 1 << 20, compress: false };
  const archive = new Archive({ directory, name: 'relay', ...limits });
  // The clock was right, then three days ahead, and then right again.
  for (const [i, day] of ['02', '05', '05', '02', '03'].entries()) {
    const path = join(directory, `relay-2026-01-${day}${i === 2 ? '.1' : ''}.log`);
    writeFileSync(path, `${i}\n`);
    archive.add(path);
    await archive.stop();
  }
  const kept = readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8').trim()]);
  expect(Object.fromEntries(kept)).toEqual({
    'relay-2026-01-05-000003.log': '2',
    'relay-2026-01-02-000004.log': '3',
    'relay-2026-01-03-000005.log': '4',
  });
});

test('files that an earlier process has left get numbers in the order in which they were begun', () => {
  const directory = temporaryFolder();
  for (const name of ['02.10', '02', '02.9']) writeFileSync(join(directory, `relay-2026-01-${name}.log`), `${name}\n`);
  const limits = { fullBytes: 1 << 20, maxFiles: 10, maxTotalBytes: 1 << 20, compress: false };
  new Archive({ directory, name: 'relay', ...limits }).takeOver('2026-01-03');
  const texts = readdirSync(directory)
    .sort()
    .map((name) => readFileSync(join(directory, name), 'utf8').trim());
  expect(texts).toEqual(['02', '02.9', '02.10']);
});
