import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EXIT } from '@relay/program';
import ts from 'typescript';
import { replaceFile } from '../../src/state/atomic-file.js';
import { openStateFolder, readIfThere } from '../../src/state/state-folder.js';
import { temporaryFolder } from '../temporary-folder.js';

/** For tests that start processes: the machine may be busy. */
const PATIENCE_MS = 60_000;
const folder = temporaryFolder();
const modeOf = (path: string): number => statSync(path).mode & 0o777;
let number = 0;
const newPath = (): string => join(folder, `${++number}`);

/** `replaceFile` as a process of its own, so that it can be killed. */
const module_ = join(folder, 'atomic-file.mjs');
const source = readFileSync(new URL('../../src/state/atomic-file.ts', import.meta.url), 'utf8');
writeFileSync(module_, ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext } }).outputText);

describe('replaceFile', () => {
  test('replaces the content, and only the owner can read it', () => {
    const path = newPath();
    writeFileSync(path, 'old', { mode: 0o644 });
    replaceFile(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(modeOf(path)).toBe(0o600);
  });

  test(
    'a disk that fills up at any byte leaves the old content, and nothing beside it',
    async () => {
      const place = newPath();
      mkdirSync(place);
      const path = join(place, 'state');
      const content = 'new '.repeat(2000);
      // The largest file that the process may write is the disk: a write beyond it fails part of
      // the way.
      for (const blocks of [0, 1, 15]) {
        writeFileSync(path, 'old');
        const script = `process.on('SIGXFSZ', () => 0); const { replaceFile } = await import(${JSON.stringify(module_)});
        try { replaceFile(${JSON.stringify(path)}, ${JSON.stringify(content)}); } catch (error) { process.exitCode = 9; }`;
        const child = spawn('sh', [
          '-c',
          'ulimit -f "$1"; exec "$2" --input-type=module -e "$3"',
          '-',
          `${blocks}`,
          process.execPath,
          script,
        ]);
        await once(child, 'close');
        expect([blocks, child.exitCode, readFileSync(path, 'utf8'), readdirSync(place)]).toEqual([
          blocks,
          9,
          'old',
          ['state'],
        ]);
      }
    },
    PATIENCE_MS,
  );

  test(
    'a process that is killed at any moment leaves the old content or the new',
    async () => {
      const place = newPath();
      mkdirSync(place);
      const path = join(place, 'state');
      writeFileSync(path, 'a'.repeat(50_000));
      const script = `const { replaceFile } = await import(${JSON.stringify(module_)}); process.stdout.write('ready');
      for (;;) for (const letter of 'ab') replaceFile(${JSON.stringify(path)}, letter.repeat(50_000));`;
      for (let round = 0; round < 4; round++) {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
        await once(child.stdout, 'data');
        await new Promise((resolve) => setTimeout(resolve, round * 5));
        child.kill('SIGKILL');
        await once(child, 'close');
        expect(readFileSync(path, 'utf8')).toMatch(/^(a{50000}|b{50000})$/);
      }
    },
    PATIENCE_MS,
  );

  test('throws where the folder is missing', () => {
    expect(() => replaceFile(join(newPath(), 'state'), 'new')).toThrow(/ENOENT/);
  });
});

describe('the state folder', () => {
  test('is made with its keys, for its owner alone, whatever the mask', () => {
    const before = process.umask(0);
    try {
      const state = openStateFolder(newPath());
      expect(state.isNew).toBe(true);
      expect([state.path, join(state.path, 'clients')].map(modeOf)).toEqual([0o700, 0o700]);
      expect(modeOf(join(state.path, 'server.key'))).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  test('has a key that no other has', () => {
    const states = [openStateFolder(newPath()), openStateFolder(newPath())];
    const keys = states.map(({ staticKey }) => staticKey.publicKey);
    const texts = [...keys, new Uint8Array(32)].map((key) => Buffer.from(key).toString('hex'));
    expect(new Set(texts).size).toBe(3);
    expect(new Set(texts.map(({ length }) => length))).toEqual(new Set([64]));
  });

  test('gives the same key when it is opened again', () => {
    const [first, second] = [newPath()].flatMap((path) => [openStateFolder(path), openStateFolder(path)]);
    expect(second?.isNew).toBe(false);
    expect(second?.staticKey).toEqual(first?.staticKey);
  });

  test('of a former version, with its secret of resets, is opened, and the secret stays and is not read', () => {
    const path = newPath();
    const { staticKey } = openStateFolder(path);
    writeFileSync(join(path, 'reset.secret'), 'no key\n', { mode: 0o644 });
    expect(openStateFolder(path).staticKey).toEqual(staticKey);
    expect(readFileSync(join(path, 'reset.secret'), 'utf8')).toBe('no key\n');
  });

  test.each([
    ['others can read', (file: string) => chmodSync(file, 0o644), /can be read by others: run chmod 600/],
    ['is empty', (file: string) => writeFileSync(file, ''), /does not hold a key: restore it/],
    ['was cut off', (file: string) => writeFileSync(file, 'AAAA\n'), /does not hold a key/],
    ['holds a key and more', (file: string) => writeFileSync(file, `${'A'.repeat(43)}x\n`), /does not hold a key/],
  ])('with a key file that %s is refused, and the file is left alone', (_name, spoil, expected) => {
    const { path } = openStateFolder(newPath());
    const file = join(path, 'server.key');
    spoil(file);
    const before = readFileSync(file, 'utf8');
    expect(() => openStateFolder(path)).toThrow(expect.objectContaining({ exitCode: EXIT.failed }));
    expect(() => openStateFolder(path)).toThrow(expected);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('where there is a file is refused on one line, with what to do', () => {
    const path = newPath();
    writeFileSync(path, '');
    expect(() => openStateFolder(path)).toThrow(/^cannot use the state folder .*\(--state names another\)$/);
  });
});

describe('a file of the state', () => {
  test('that is a pipe, a folder or a device is refused in one line, and not waited for', () => {
    const path = newPath();
    spawnSync('mkfifo', [path]);
    expect(() => readIfThere(path)).toThrow(`cannot read ${path}: it is no regular file (restore it, or remove it)`);
    expect(() => readIfThere(folder)).toThrow('it is no regular file');
    expect(() => readIfThere('/dev/zero')).toThrow('it is no regular file');
    expect(readIfThere(newPath())).toBeUndefined();
  });

  test('that cannot be replaced is named without the file beside it', () => {
    const path = join(newPath(), 'published-ports');
    const replace = (): void => replaceFile(path, 'new');
    expect(replace).toThrow(`'${path}'`);
    expect(replace).toThrow(expect.objectContaining({ path, code: 'ENOENT' }));
  });
});
