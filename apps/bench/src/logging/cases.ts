import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createLogging } from '@relay/logging';
import winston from 'winston';
import DailyRotateFile from 'winston-daily-rotate-file';
import type { BenchmarkCase, BenchmarkOptions, Measurement } from '../case.js';

/** The log call of each case: a message and a few fields, as the programs log. */
interface Fields {
  readonly number: number;
  readonly flow: number;
  readonly target: string;
}

type Log = (message: string, fields: Fields) => void;

export const cases: readonly BenchmarkCase[] = [
  { name: 'logging/below-level', run: belowLevel },
  { name: 'logging/file/throughput', run: fileThroughput },
];

/**
 * Measures the cost of a call whose level is not enabled, with and without a new object of fields.
 */
function belowLevel({ seconds }: BenchmarkOptions): Promise<Measurement[]> {
  const logging = createLogging({ console: false, level: 'info' });
  const logger = logging.logger('bench');
  const calls = Math.max(100_000, seconds * 10_000_000);
  const bare = nanosecondsPerCall(calls, () => logger.debug('not wanted'));
  const withFields = nanosecondsPerCall(calls, (number) => logger.debug('not wanted', { number, flow: 7 }));
  return logging.close().then(() => [
    { subject: 'debug(message) at level info', value: bare, unit: 'ns/call' },
    { subject: 'debug(message, fields) at level info', value: withFields, unit: 'ns/call' },
  ]);
}

function nanosecondsPerCall(calls: number, call: (number: number) => void): number {
  return median(
    Array.from({ length: 5 }, () => {
      const startMs = performance.now();
      for (let number = 0; number < calls; number++) call(number);
      return ((performance.now() - startMs) * 1e6) / calls;
    }),
  );
}

/**
 * Measures lines per second until the last line is in its file. Plain winston and this package take
 * turns; both use winston-daily-rotate-file.
 */
async function fileThroughput({ seconds, smoke }: BenchmarkOptions): Promise<Measurement[]> {
  const lines = smoke ? 2000 : Math.round(seconds * 50_000);
  const rounds = smoke ? 1 : 5;
  const bare: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await inNewFolder((folder) => bareWinston(folder, lines)));
    ours.push(await inNewFolder((folder) => relayLogging(folder, lines)));
  }
  const reference = median(bare);
  const value = median(ours);
  return [
    { subject: 'winston with winston-daily-rotate-file', value: reference, unit: 'lines/s', ratio: 1 },
    { subject: '@relay/logging', value, unit: 'lines/s', ratio: value / reference },
  ];
}

async function bareWinston(folder: string, lines: number): Promise<number> {
  const transport = new DailyRotateFile({
    dirname: folder,
    filename: 'relay-%DATE%.log',
    datePattern: 'YYYY-MM-DD',
    maxSize: '16m',
  });
  const logger = winston.createLogger({
    level: 'info',
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
  });
  // The type lists the members, because winston's typings import the class in a way that makes
  // another class of it.
  const members: Pick<DailyRotateFile, keyof DailyRotateFile> = transport;
  logger.add(members);
  const scoped = logger.child({ scope: 'bench' });
  return linesPerSecond(
    lines,
    (message, fields) => scoped.info(message, fields),
    // The transport emits `finish` before its last bytes are written. Its stream emits it after
    // them.
    () =>
      new Promise<void>((resolve) => {
        transport.logStream.once('finish', resolve);
        logger.end();
      }),
  );
}

function relayLogging(folder: string, lines: number): Promise<number> {
  const logging = createLogging({ console: false, directory: folder });
  const logger = logging.logger('bench');
  return linesPerSecond(
    lines,
    (message, fields) => logger.info(message, fields),
    () => logging.close(),
  );
}

async function linesPerSecond(lines: number, log: Log, end: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  for (let number = 0; number < lines; number++) {
    log('a datagram was forwarded', { number, flow: number % 1000, target: '192.0.2.7:53' });
    if (number % 500 === 0) await setImmediate();
  }
  await end();
  return (lines * 1000) / (performance.now() - startMs);
}

async function inNewFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'relay-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
