import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createLogging, type Logging } from '../src/index.js';
import { consoleRecords } from './support/console.js';
import { logLines, logRecords, temporaryFolder } from './support/folder.js';
import { build, run } from './support/program.js';
import { until } from './support/until.js';

beforeAll(build);

function today(): string {
  return `relay-${new Date().toISOString().slice(0, 10)}.log`;
}

function numbersOf(records: Record<string, unknown>[]): unknown[] {
  return records.filter(({ message }) => message === 'line').map(({ number }) => number);
}

function logLinesTo(logging: Logging, from: number, to: number): void {
  for (let number = from; number < to; number++) logging.logger('test').info('line', { number });
}

describe('a disk without room', () => {
  // Every write to /dev/full fails with ENOSPC, as on a full disk.
  test('a disk without room makes lines wait, is logged once, and loses none that fits in memory', async () => {
    const directory = temporaryFolder();
    symlinkSync('/dev/full', join(directory, today()));
    const { console, records } = consoleRecords();
    const logging = createLogging({ console, directory });
    logLinesTo(logging, 0, 100);
    await until(() => records().some(({ message }) => String(message).startsWith('cannot write the log file')));
    logLinesTo(logging, 100, 200);
    unlinkSync(join(directory, today()));
    await logging.flush();
    await logging.close();

    expect(numbersOf(logRecords(directory))).toEqual(Array.from({ length: 200 }, (_, number) => number));
    const told = records().filter(({ scope }) => scope === 'logging');
    expect(told).toMatchObject([
      { level: 'warn', error: { code: 'ENOSPC' } },
      { level: 'info', lostLines: 0 },
    ]);
    expect(logging.lostLines).toBe(0);
  });

  test('a disk without room costs bounded memory, counts its drops, and lets the program end', async () => {
    const directory = temporaryFolder();
    symlinkSync('/dev/full', join(directory, today()));
    const { console, records } = consoleRecords();
    const logging = createLogging({ console, directory, maxPendingBytes: 64 * 1024 });
    for (let part = 0; part < 20; part++) {
      logLinesTo(logging, part * 100, part * 100 + 100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await logging.close();
    expect(logging.lostLines).toBeGreaterThanOrEqual(2000);
    expect(records().filter(({ message }) => String(message).startsWith('the disk is too slow'))).toHaveLength(1);
    expect(numbersOf(records())).toHaveLength(2000);
  });
});

describe('a folder', () => {
  test('a removed folder is made again, and the log goes on', async () => {
    const directory = join(temporaryFolder(), 'logs');
    const logging = createLogging({ console: false, directory });
    logLinesTo(logging, 0, 10);
    await logging.flush();
    rmSync(directory, { recursive: true });
    // The check is made once a second.
    for (let number = 10; !existsSync(join(directory, today())); number++) {
      logLinesTo(logging, number, number + 1);
      await setTimeout(10);
    }
    logLinesTo(logging, 1_000_000, 1_000_010);
    await logging.close();
    expect(numbersOf(logRecords(directory)).slice(-10)).toEqual(
      Array.from({ length: 10 }, (_, index) => 1_000_000 + index),
    );
  });

  test('a folder that cannot be made again at a rotation makes lines wait until it can', async () => {
    const parent = temporaryFolder();
    const directory = join(parent, 'logs');
    const { console, records } = consoleRecords();
    const logging = createLogging({ console, directory, maxFileBytes: 64 * 1024 });
    logLinesTo(logging, 0, 100);
    await logging.flush();
    renameSync(directory, join(parent, 'moved'));
    writeFileSync(directory, 'in the way');
    for (let part = 1; part <= 20; part++) {
      logLinesTo(logging, part * 100, part * 100 + 100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => records().some(({ message }) => String(message).startsWith('cannot write the log file')));
    unlinkSync(directory);
    mkdirSync(directory);
    await logging.flush();
    await logging.close();
    const numbers = new Set([...numbersOf(logRecords(directory)), ...numbersOf(logRecords(join(parent, 'moved')))]);
    expect(numbers.size).toBe(2100);
    expect(logging.lostLines).toBe(0);
  });

  test.each([
    ['a file', 'file', /it, or what is above it, is not a folder|it is not a folder/],
    ['below a file', 'file/below', /is not a folder/],
  ])('a folder that is %s is refused at the start', (_name, path, reason) => {
    const parent = temporaryFolder();
    writeFileSync(join(parent, 'file'), '');
    const create = () => createLogging({ console: false, directory: join(parent, path) });
    expect(create).toThrow(expect.objectContaining({ code: 'directory-unusable' }));
    expect(create).toThrow(reason);
    expect(readdirSync(parent)).toEqual(['file']);
  });

  test.each([
    ['is refused at the start', 0o777, true],
    ['is taken where each removes only files of its own, as in /tmp', 0o1777, false],
    ['is taken where only a group writes', 0o770, false],
  ])('a folder in which others can put links %s', async (_name, mode, isRefused) => {
    const directory = temporaryFolder();
    chmodSync(directory, mode);
    const create = (): Logging => createLogging({ console: false, directory });
    if (!isRefused) return create().close();
    expect(create).toThrow(expect.objectContaining({ code: 'directory-unusable' }));
    expect(create).toThrow(`every user of this host can write there (chmod o-w ${directory})`);
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a folder without permission is refused at the start', async () => {
    const directory = temporaryFolder();
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, 'logs'), { mode: 0o555 });
    const ended = await run('refused', [join(directory, 'logs')]);
    expect(ended).toMatchObject({
      code: 2,
      stdout: `cannot keep logs in ${join(directory, 'logs')}: permission denied\n`,
    });
  });
});

test('a last line that a killed process left torn does not spoil the next', async () => {
  const directory = temporaryFolder();
  writeFileSync(join(directory, today()), '{"message":"torn');
  const logging = createLogging({ console: false, directory });
  logLinesTo(logging, 0, 1);
  await logging.close();
  expect(logLines(directory)).toEqual(['{"message":"torn', expect.stringContaining('"number":0')]);
});
