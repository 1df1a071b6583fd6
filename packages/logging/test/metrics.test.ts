import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { createLogging, LoggingError, METRICS_SCHEMA } from '../src/index.js';
import { logFiles, logRecords, temporaryFolder } from './support/folder.js';
import { until } from './support/until.js';

const validate = new Ajv2020({ formats: { 'date-time': true } }).compile(METRICS_SCHEMA);

test('the metrics log gets a record at each interval and one at the end, valid by its schema', async () => {
  const directory = temporaryFolder();
  const logging = createLogging({ console: false, directory });
  let datagrams = 0;
  logging.startMetrics(100, () => ({ forward: { datagramsIn: ++datagrams } }));
  await until(() => datagrams === 2);
  await logging.close();

  const records = logRecords(directory, 'metrics');
  expect(records.map(({ forward }) => forward)).toEqual([{ datagramsIn: 1 }, { datagramsIn: 2 }, { datagramsIn: 3 }]);
  for (const record of records) expect(validate(record) ? [] : validate.errors).toEqual([]);
  expect(logFiles(directory)).toEqual([expect.stringMatching(/^relay-/)]);
});

test('stopped metrics write their last record at once, and none at the end', async () => {
  const directory = temporaryFolder();
  const logging = createLogging({ console: false, directory });
  const stop = logging.startMetrics(60_000, () => ({ sessions: 5 }));
  stop();
  stop();
  await logging.close();
  expect(logRecords(directory, 'metrics')).toMatchObject([
    { sessions: 5, lostLogLines: 0, process: { uptimeMs: expect.any(Number) } },
  ]);
});

test('a source that fails is an error in the log, and the rest of the record is written', async () => {
  const directory = temporaryFolder();
  const logging = createLogging({ console: false, directory });
  logging.startMetrics(60_000, () => {
    throw new Error('no numbers');
  });
  await logging.close();
  expect(logRecords(directory, 'metrics')).toHaveLength(1);
  expect(logging.errors()).toMatchObject([
    { message: 'the metrics could not be collected', causes: ['Error: no numbers'] },
  ]);
});

test('a source of metrics with throwing getters or the names of the record does no harm', async () => {
  const directory = temporaryFolder();
  const logging = createLogging({ console: false, directory });
  const hostile = Object.defineProperty({ process: 'mine' }, 'bad', { enumerable: true, get: () => fail() });
  logging.startMetrics(60_000, () => hostile);
  await logging.close();
  expect(logRecords(directory, 'metrics')).toMatchObject([
    { process_: 'mine', bad: '[unreadable]', process: { uptimeMs: expect.any(Number) } },
  ]);
});

test('single records of metrics are as safe as those of the log, and go nowhere without a folder', async () => {
  const directory = temporaryFolder();
  const logging = createLogging({ console: false, directory });
  logging.metrics({ time: 'mine', peer: '\x1b[2J', token: 'hush' });
  await logging.close();
  expect(logRecords(directory, 'metrics')).toEqual([
    { time: expect.stringMatching(/Z$/), time_: 'mine', peer: '\\x1b[2J', token: '[redacted]' },
  ]);
  const bare = createLogging({ console: false });
  bare.metrics({ a: 1 });
  await bare.close();
});

test.each([10, 2 ** 31, 25 * 86_400_000, 100.5, Infinity, NaN])(
  'a metrics interval of %d ms is refused',
  async (intervalMs) => {
    const logging = createLogging({ console: false });
    expect(() => logging.startMetrics(intervalMs, () => ({}))).toThrow(LoggingError);
    expect(() => logging.startMetrics(intervalMs, () => ({}))).toThrow(
      `intervalMs is ${intervalMs}; expected a whole number from 100 to 2147483647`,
    );
    await logging.close();
  },
);

test('the longest metrics interval writes nothing before the end', async () => {
  const directory = temporaryFolder();
  const logging = createLogging({ console: false, directory });
  let looks = 0;
  logging.startMetrics(2 ** 31 - 1, () => ({ looks: ++looks }));
  let others = 0;
  const stop = logging.startMetrics(100, () => ({ others: ++others }));
  await until(() => others === 2);
  stop();
  await logging.close();
  expect(looks).toBe(1);
});

function fail(): never {
  throw new Error('never read me');
}
