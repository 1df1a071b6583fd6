import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createLogging } from '../src/index.js';
import { consoleRecords } from '../test/support/console.js';
import { logRecords, temporaryFolder } from '../test/support/folder.js';
import { until } from '../test/support/until.js';

const MIB = 1024 * 1024;
// Needs the right to mount.
test('on a small file system that fills up, the program goes on, and after room was made the log does too, line by line', async () => {
  const directory = join(temporaryFolder(), 'small');
  mkdirSync(directory);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', directory]);
  try {
    await fillAndMakeRoom(directory);
  } finally {
    execFileSync('umount', [directory]);
  }
}, 60_000);

async function fillAndMakeRoom(directory: string): Promise<void> {
  writeFileSync(join(directory, 'ballast'), Buffer.alloc(6.5 * MIB));
  const { console, records } = consoleRecords();
  const logging = createLogging({
    console: { ...console, format: 'json' },
    directory,
    maxFileBytes: 256 * 1024,
    maxPendingBytes: MIB,
    compress: false,
  });
  logging.redirectConsole((text) => {
    if (text.includes('"scope":"logging"')) told.push((JSON.parse(text) as { message: string }).message);
  });
  const told: string[] = [];
  let number = 0;
  const burst = async (lines: number): Promise<void> => {
    for (const end = number + lines; number < end; number++) {
      logging.logger('test').info('line', { number });
      if (number % 100 === 0) await setImmediate();
    }
  };
  await burst(40_000);
  await until(() => statfsSync(directory).bavail === 0);
  rmSync(join(directory, 'ballast'));
  await logging.flush();
  await burst(100);
  await logging.close();

  expect(records()).toEqual([]);
  expect(told[0]).toMatch(/^cannot write the log file/);
  expect(told.filter((message) => message.startsWith('cannot write the log file'))).toHaveLength(1);
  const numbers = logRecords(directory)
    .filter(({ message }) => message === 'line')
    .map((record) => Number(record.number));
  // Whole lines in order, each once; what is missing is counted.
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(numbers.at(-1)).toBe(40_099);
  expect(logging.lostLines).toBeGreaterThan(0);
  expect(logRecords(directory).length + logging.lostLines).toBe(40_100 + told.length);
  process.stdout.write(
    `${JSON.stringify({ logged: 40_100, inFiles: numbers.length, lost: logging.lostLines, files: readdirSync(directory).length, told })}\n`,
  );
}
