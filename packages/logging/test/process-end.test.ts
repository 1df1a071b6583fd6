import { once } from 'node:events';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createLogging } from '../src/index.js';
import { logLines, logRecords, temporaryFolder } from './support/folder.js';
import { build, run, start } from './support/program.js';

beforeAll(build);

const LINES = 2000;

function numbers(folder: string): unknown[] {
  return logRecords(folder)
    .filter(({ message }) => message === 'line')
    .map(({ number }) => number);
}

const ALL = Array.from({ length: LINES }, (_, number) => number);

describe('nothing is lost', () => {
  test.each([
    ['close', 0],
    ['return', 0],
    ['exit', 3],
    ['exit-later', 3],
    ['exit-closing', 3],
    ['throw', 1],
    ['reject', 1],
  ])('a process that ends by %s loses no line, neither in files nor on the console', async (way, code) => {
    const directory = temporaryFolder();
    const ended = await run('end', [way, directory, String(LINES)]);
    expect(ended.code).toBe(code);
    expect(numbers(directory).sort((a, b) => Number(a) - Number(b))).toEqual(ALL);
    expect(ended.stderr.split('\n').filter((line) => line.includes('"line"'))).toHaveLength(LINES);
  });
});

describe('an error that nobody caught', () => {
  test.each([
    ['throw', { name: 'Error', message: 'nobody catches this', cause: { message: 'why' } }],
    ['reject', { message: 'nobody handles this' }],
    ['reject-value', { message: expect.stringContaining('a text\\n\\x1b[2J') }],
  ])('an uncaught error ends the process with code 1 and is the last record in its logs: %s', async (way, error) => {
    const directory = temporaryFolder();
    const { code, stderr } = await run('end', [way, directory, '1']);
    expect(code).toBe(1);
    const last = logRecords(directory).at(-1);
    expect(last).toMatchObject({ level: 'error', message: 'unhandled error, the process ends', error });
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(JSON.stringify(last));
  });
});

test('a process killed in the middle of rotation leaves a log of which at most the last line is torn, and the next goes on', async () => {
  const directory = temporaryFolder();
  const child = start('end', ['wait', directory, String(LINES)]);
  if (child.stdout) await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');

  const logging = createLogging({ console: false, directory, maxFileBytes: 65_536 });
  logging.logger('end').info('line', { number: LINES });
  await logging.close();
  const torn = logLines(directory).filter((line) => !line.endsWith('}'));
  expect(torn.length).toBeLessThanOrEqual(1);
  const whole = logLines(directory).filter((line) => line.endsWith('}') && line.includes('"line"'));
  expect(whole.map((line) => (JSON.parse(line) as { number: number }).number).sort((a, b) => a - b)).toEqual([
    ...ALL,
    LINES,
  ]);
});

test.each(['close', 'return'])(
  'a console that nobody reads neither stops a process nor keeps it from ending by %s',
  async (way) => {
    const directory = temporaryFolder();
    const child = start('end', [way, directory, '20000'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const [code] = (await once(child, 'exit')) as [number];
    child.stderr?.destroy();
    expect(code).toBe(0);
    expect(numbers(directory)).toHaveLength(20_000);
  },
);
