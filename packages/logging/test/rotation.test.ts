import { appendFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createLogging, LoggingError, type LoggingOptions } from '../src/index.js';
import { startOf } from '../src/file/directory-lock.js';
import { logFiles, logLines, logRecords, temporaryFolder } from './support/folder.js';
import { logSequence } from './support/sequence.js';
import { until } from './support/until.js';

const KIB = 1024;

afterEach(() => {
  jest.useRealTimers();
});

/** Sets the date and nothing else: timers, nextTick and performance stay real. */
function setDate(date: string): void {
  jest.useFakeTimers({
    now: new Date(date),
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}

async function logNumbers(directory: string, from: number, to: number, options: LoggingOptions = {}): Promise<void> {
  const logging = createLogging({ console: false, directory, ...options });
  for (let number = from; number < to; number++) logging.logger('test').info('line', { number });
  await logging.close();
}

function numbers(folder: string): unknown[] {
  return logRecords(folder).map(({ number }) => number);
}

function bytesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

describe('rotation', () => {
  test('rotation by size loses no line of eight loggers, tears none, and keeps each file within its bound', async () => {
    const result = await logSequence(40_000, { directory: temporaryFolder(), maxFileBytes: 256 * KIB, maxFiles: 100 });
    expect(result).toMatchObject({ lines: 40_000, faults: 0, lostLines: 0 });
    expect(result.largestFileBytes).toBeLessThanOrEqual(256 * KIB);
    expect(result.files).toBeGreaterThan(10);
  });

  test('rotation by day begins a new file with the first line after midnight UTC, and archives the old one', async () => {
    const directory = temporaryFolder();
    setDate('2026-02-28T23:59:59.900Z');
    const logging = createLogging({ console: false, directory });
    logging.logger('test').info('line', { number: 0 });
    await logging.flush();
    setDate('2026-03-01T00:00:00.100Z');
    logging.logger('test').info('line', { number: 1 });
    await logging.flush();
    await until(() => logFiles(directory)[0]?.endsWith('.gz'));
    await logging.close();
    expect(logFiles(directory)).toEqual(['relay-2026-02-28-000001.log.gz', 'relay-2026-03-01.log']);
    expect(numbers(directory)).toEqual([0, 1]);
  });

  test('rotation keeps files and bytes up to their limits, and removes the oldest first', async () => {
    const directory = temporaryFolder();
    const limits = { maxFileBytes: 64 * KIB, maxFiles: 3, compress: false };
    for (let part = 0; part < 5; part++) await logNumbers(directory, part * 2000, (part + 1) * 2000, limits);
    const logging = createLogging({ console: false, directory, ...limits });
    await until(() => logFiles(directory).length <= 4);
    await logging.close();
    expect(numbers(directory).at(-1)).toBe(9999);

    const totalBytes = 4 * 64 * KIB;
    const smaller = createLogging({ console: false, directory, ...limits, maxFiles: 100, maxTotalBytes: totalBytes });
    for (let number = 10_000; number < 14_000; number++) {
      smaller.logger('test').info('line', { number });
      if (number % 100 === 0) await smaller.flush();
    }
    await until(() => logFiles(directory).reduce((sum, name) => sum + bytesOf(join(directory, name)), 0) <= totalBytes);
    await smaller.close();
    expect(numbers(directory).at(-1)).toBe(13_999);
  });

  test('rotation of the log leaves the metrics and foreign files alone', async () => {
    const directory = temporaryFolder();
    const others = [
      'relay-notes.log',
      'relay-2026-01-01.txt',
      'other-2026-01-01.log',
      'metrics-2026-01-01-000001.log.gz',
      'relayx-2026-01-01.log',
    ];
    for (const name of others) writeFileSync(join(directory, name), 'mine\n');
    await logNumbers(directory, 0, 5000, { maxFileBytes: 64 * KIB, maxFiles: 1 });
    expect(readdirSync(directory)).toEqual(expect.arrayContaining(others));
  });
});

describe('the next start', () => {
  test('the next start continues the file of today', async () => {
    const directory = temporaryFolder();
    for (let part = 0; part < 3; part++) await logNumbers(directory, part * 10, part * 10 + 10);
    expect(logFiles(directory)).toHaveLength(1);
    expect(numbers(directory)).toEqual(upTo(30));
  });

  test('the next start archives the files of a killed process, without losing or repeating a line', async () => {
    const directory = temporaryFolder();
    await logNumbers(directory, 0, 4000, { maxFileBytes: 64 * KIB, compress: false });
    const [first = ''] = logFiles(directory);
    // Killed after compressing, before removing the original; in the middle of compressing; in the
    // middle of a line.
    writeFileSync(join(directory, `${first}.gz`), gzipSync(logLines(directory).join('\n')));
    writeFileSync(join(directory, `${first}.gz.tmp`), 'half');
    const today = new Date().toISOString().slice(0, 10);
    appendFileSync(join(directory, `relay-${today}.log`), '{"number":"torn');

    const logging = createLogging({ console: false, directory, maxFileBytes: 64 * KIB });
    logging.logger('test').info('line', { number: 4000 });
    await until(() =>
      logFiles(directory)
        .slice(0, -1)
        .every((name) => name.endsWith('.gz')),
    );
    await logging.close();
    expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const whole = logLines(directory).filter((line) => !line.includes('torn'));
    expect(whole.map((line) => (JSON.parse(line) as { number: number }).number).sort((a, b) => a - b)).toEqual(
      upTo(4001),
    );
  });

  test('a start is refused a folder in use, and takes one whose process is gone', async () => {
    const directory = temporaryFolder();
    const logging = createLogging({ console: false, directory });
    expect(() => createLogging({ console: false, directory })).toThrow(
      expect.objectContaining({ code: 'directory-in-use' }),
    );
    await logging.close();
    expect(readdirSync(directory)).not.toContain('.lock');
    // No process has this number, and none of this number was started then.
    for (const holder of ['{"pid":4194399,"started":""}', '{"pid":1,"started":"another boot/5"}', 'garbage', '']) {
      writeFileSync(join(directory, '.lock'), holder);
      await createLogging({ console: false, directory }).close();
    }
    writeFileSync(join(directory, '.lock'), JSON.stringify({ pid: process.ppid, started: startOf(process.ppid) }));
    expect(() => createLogging({ console: false, directory })).toThrow(
      expect.objectContaining({ code: 'directory-in-use' }),
    );
  });
});

describe('options', () => {
  test.each<[string, LoggingOptions]>([
    ['maxFileBytes', { maxFileBytes: 1000 }],
    ['maxFileBytes', { maxFileBytes: NaN }],
    ['maxTotalBytes', { maxTotalBytes: 100_000 }],
    ['maxFiles', { maxFiles: 0 }],
    ['maxPendingBytes', { maxPendingBytes: 1.5 }],
    ['maxFileBytes', { maxFileBytes: 2 ** 50 }],
    ['repeatIntervalMs', { repeatIntervalMs: -1 }],
    ['repeatIntervalMs', { repeatIntervalMs: 0.5 }],
    ['repeatIntervalMs', { repeatIntervalMs: 2 ** 31 }],
    ['name', { name: '../evil' }],
    ['name', { name: 'metrics' }],
  ])('a wrong %s is refused: %j', (name, options) => {
    expect(() => createLogging({ console: false, ...options })).toThrow(LoggingError);
    expect(() => createLogging({ console: false, ...options })).toThrow(new RegExp(`^${name} is `));
  });
});
