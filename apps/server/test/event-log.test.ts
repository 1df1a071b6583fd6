import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLogging } from '@relay/logging';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { EventLog, type LoggedEvent } from '../src/event-log.js';
import { logRecords } from './support/log-records.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

let runs = 0;

/** What is logged where `write` writes, at a time that it may change. */
async function loggedBy(
  write: (log: EventLog, time: { nowMs: number }) => void,
  level: 'info' | 'trace' = 'trace',
): Promise<Record<string, unknown>[]> {
  const directory = join(folder, String(runs++));
  const logging = createLogging({ level, directory, console: false });
  const time = { nowMs: 1000 };
  const [sessions, targets] = [logging.logger('session'), logging.logger('target')];
  const [routes, publish] = [logging.logger('route'), logging.logger('publish')];
  write(new EventLog({ sessions, targets, routes, publish }, () => time.nowMs), time);
  await logging.close();
  return logRecords(directory);
}

/** What is logged of the event. */
const logged = (event: LoggedEvent): Promise<Record<string, unknown>[]> => loggedBy((log) => log.write(event));

describe('the log of sessions', () => {
  const endpoint = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address: '127.0.0.1', port: 5000 }, endpoint, 0);
  const facts = { client: 'ada', publicKey: new Uint8Array(32), session: 7, endpoint };
  const fields = { client: 'ada', session: 7, from: '127.0.0.1:5000' };

  test.each<[LoggedEvent, Record<string, unknown>]>([
    [
      { kind: 'connected', ...facts },
      { level: 'info', message: 'client connected' },
    ],
    [
      { kind: 'disconnected', ...facts, reason: 'kicked' },
      { level: 'info', message: 'client disconnected', reason: 'kicked' },
    ],
    [
      { kind: 'roamed', ...facts },
      { level: 'debug', message: 'client changed its address' },
    ],
    [
      { kind: 'path-lost', ...facts },
      { level: 'debug', message: 'client does not answer' },
    ],
    [
      { kind: 'path-restored', ...facts },
      { level: 'debug', message: 'client answers again' },
    ],
    [
      { kind: 'rekeyed', ...facts },
      { level: 'trace', message: 'rekeyed' },
    ],
  ])('names the client of the event $kind', async (event, expected) => {
    expect(await logged(event)).toEqual([expect.objectContaining({ ...fields, ...expected })]);
  });

  test('names a target that cannot be reached, its client and the reason', async () => {
    const [record] = await logged({
      kind: 'target-failed',
      client: 'ada',
      target: endpoint,
      reason: 'connection-refused',
    });
    expect(record).toMatchObject({ level: 'warn', scope: 'target', client: 'ada', target: '127.0.0.1:5000' });
    expect(record).toMatchObject({ message: 'a target cannot be reached', reason: 'connection-refused' });
  });

  test('asks for a report of a fault, with the client that it was of', async () => {
    const [record] = await logged({ kind: 'fault', client: 'ada', error: new Error('a bug') });
    expect(record).toMatchObject({ level: 'error', client: 'ada', error: expect.anything() });
    expect(record?.['message']).toMatch(/please report it/);
  });
});

// A client that moved with each packet, or shook hands again and again, pushed the history out.
describe('the lines that a client causes', () => {
  const endpoint = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address: '127.0.0.1', port: 5000 }, endpoint, 0);
  const factsOf = (client: string) => ({ client, publicKey: new Uint8Array(32), session: 7, endpoint });
  const KINDS = ['connected', 'roamed', 'rekeyed', 'path-lost', 'path-restored'] as const;

  test('are less than a hundred for a million of its doings within minutes, unless debugging', async () => {
    const records = await loggedBy((log, time) => {
      for (let doing = 0; doing < 1_000_000; doing++) {
        time.nowMs += 0.14;
        const kind = KINDS[doing % KINDS.length] ?? 'roamed';
        log.write({ kind, ...factsOf('mallory') });
      }
    });
    expect(records.filter(({ level }) => level !== 'debug').length).toBeLessThan(100);
    expect(records.length).toBeLessThan(150);
    const ofInfo = records.filter(({ level }) => level === 'info');
    expect(ofInfo.length).toBeLessThan(50);
    expect(ofInfo.at(-1)?.['omitted']).toBeGreaterThan(1000);
  });

  test('leave those of other clients alone', async () => {
    const records = await loggedBy((log) => {
      for (let doing = 0; doing < 1000; doing++) log.write({ kind: 'connected', ...factsOf('mallory') });
      log.write({ kind: 'connected', ...factsOf('ada') });
    });
    expect(records.filter(({ client }) => client === 'ada')).toHaveLength(1);
  });

  test('are few for published ports too', async () => {
    const published = { kind: 'published', client: 'mallory', ports: '0.0.0.0:27015' } as const;
    const records = await loggedBy((log, time) => {
      for (let doing = 0; doing < 1000; doing++) log.writePublish(published);
      time.nowMs += 3_600_000;
      log.writePublish(published);
    });
    expect(records.length).toBeLessThanOrEqual(21);
    expect(records[0]).not.toHaveProperty('omitted');
    expect(records.at(-1)).toHaveProperty('omitted', 1001 - records.length);
  });
});

test('the log warns of an invitation that is used in two places, and not of one restart', async () => {
  const endpoint = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address: '192.0.2.7', port: 5000 }, endpoint, 0);
  const replaced = (client: string): LoggedEvent => ({
    ...{ kind: 'disconnected', reason: 'replaced', client, session: 1, endpoint, publicKey: new Uint8Array(32) },
  });
  const records = await loggedBy((log, time) => {
    log.write(replaced('ada'));
    for (const pauseMs of [0, 10_000, 30_000]) {
      time.nowMs += pauseMs;
      log.write(replaced('bob'));
    }
  }, 'info');
  const warnings = records.filter(({ level }) => level === 'warn');
  expect(warnings).toEqual([expect.objectContaining({ client: 'bob', from: '192.0.2.7:5000' })]);
  expect(warnings[0]?.['message']).toContain('relay-server invite NAME');
});

describe('the log of routes', () => {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address: '127.0.0.1', port: 53 }, packed, 0);
  const facts = { route: 'dns', upstream: 'dns.example:53', target: packed };
  const fields = { route: 'dns', upstream: 'dns.example:53', target: '127.0.0.1:53' };

  test.each<[LoggedEvent, Record<string, unknown>]>([
    [
      { kind: 'upstream-down', ...facts, reason: 'silent' },
      { level: 'warn', message: 'an upstream is down: new flows avoid it', ...fields, reason: 'silent' },
    ],
    [
      { kind: 'upstream-up', ...facts },
      { level: 'info', message: 'an upstream is up again', ...fields },
    ],
    [
      { kind: 'route-failed-open', route: 'dns', listen: packed },
      {
        ...{ level: 'warn', message: 'all upstreams are down: the route uses all of them' },
        ...{ route: 'dns', listen: '127.0.0.1:53' },
      },
    ],
  ])('has the event $kind', async (event, expected) => {
    expect(await logged(event)).toEqual([expect.objectContaining(expected)]);
  });
});
