import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { makeFolder } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'relay-folders-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a folder is made with those above it, for the owner alone or in another mode', () => {
  makeFolder(join(folder, 'a', 'b'));
  expect(statSync(join(folder, 'a', 'b')).mode & 0o777).toBe(0o700);
  makeFolder(join(folder, 'c'), 0o500);
  expect(statSync(join(folder, 'c')).mode & 0o777).toBe(0o500);
});

test('a folder that is there stays as it is', () => {
  mkdirSync(join(folder, 'd'));
  chmodSync(join(folder, 'd'), 0o755);
  makeFolder(join(folder, 'd'));
  expect(statSync(join(folder, 'd')).mode & 0o777).toBe(0o755);
});

test('a file in the place of a folder is an error', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
});

if (process.platform === 'linux')
  test('a folder below /proc is an error, and hangs nothing', () => {
    const program = new URL('../dist/file/make-folder.js', import.meta.url).href;
    const code = `const { makeFolder } = await import('${program}');
      try { makeFolder('/proc/no/folder'); } catch (error) { console.log(error.code); }`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', code], { timeout: 30_000 });
    expect(output.toString()).toBe('ENOENT\n');
  });
