import { expect, test } from '@jest/globals';
import { createLogging } from '../src/index.js';
import { ErrorTracker } from '../src/error-tracker.js';
import { consoleRecords } from './support/console.js';

function failure(code: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

test('errors are counted by fingerprint, with first and last seen and the chain of causes', async () => {
  const logging = createLogging({ console: false });
  const logger = logging.logger('server');
  for (const port of [53, 54, 55])
    logger.error(`cannot listen on 0.0.0.0:${port}`, { error: failure('EACCES', 'bind', new Error('inner\n')) });
  logger.error('cannot listen on 0.0.0.0:53', { error: failure('EADDRINUSE', 'bind') });
  logger.warn('no error');
  logger.error('without an error object');
  await logging.close();

  const [third, second, first] = logging.errors();
  expect(logging.errors()).toHaveLength(3);
  expect(first).toMatchObject({
    scope: 'server',
    count: 3,
    message: 'cannot listen on 0.0.0.0:55',
    causes: ['Error EACCES: bind', 'Error: inner\\n'],
  });
  expect(first?.fingerprint).toMatch(/^[0-9a-f]{12}$/);
  expect(Date.parse(first?.firstSeen ?? '')).toBeLessThanOrEqual(Date.parse(first?.lastSeen ?? ''));
  expect(second).toMatchObject({ count: 1, causes: ['Error EADDRINUSE: bind'] });
  expect(third).toMatchObject({ count: 1, causes: [] });
});

test('the records of an error carry its fingerprint and how often it has occurred', async () => {
  const { console, records } = consoleRecords();
  const logging = createLogging({ console });
  for (let round = 0; round < 5; round++) logging.logger('server').error('failed', { error: failure('EIO', 'read') });
  await logging.close();
  const fingerprint = logging.errors()[0]?.fingerprint;
  expect(records()).toMatchObject([
    { fingerprint, occurrences: 1 },
    { fingerprint, occurrences: 5, repeated: 4 },
  ]);
});

test('the number of tracked errors is bounded, and the one not seen for longest is forgotten', () => {
  const tracker = new ErrorTracker();
  for (let index = 0; index < 1000; index++) {
    tracker.track('often', 'seen again and again', undefined, 'now');
    tracker.track(`scope-${String.fromCharCode(97 + (index % 26))}${'x'.repeat(index)}`, 'm', undefined, 'now');
  }
  const summaries = tracker.summaries();
  expect(summaries).toHaveLength(200);
  expect(summaries.find(({ scope }) => scope === 'often')?.count).toBe(1000);
});

test('a cycle of causes and hostile errors are harmless', () => {
  const tracker = new ErrorTracker();
  const error = new Error('round');
  error.cause = error;
  expect(tracker.track('a', 'b', error, 'now').causes).toHaveLength(5);
  const hostile = Object.defineProperty(new Error('x'), 'message', { get: () => fail() });
  expect(tracker.track('a', 'b', hostile, 'now').causes).toEqual([]);
  expect(tracker.track('a', 'b', 'a text that was thrown', 'now').causes).toEqual(['a text that was thrown']);
});

function fail(): never {
  throw new Error('never read me');
}
