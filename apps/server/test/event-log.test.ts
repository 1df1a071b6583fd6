import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLogging } from '@relay/logging';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { logEvent, type LoggedEvent } from '../src/event-log.js';
import { logRecords } from './support/log-records.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

/** What is logged of the event. */
async function logged(event: LoggedEvent): Promise<Record<string, unknown>[]> {
  const directory = join(folder, event.kind);
  const logging = createLogging({ level: 'trace', directory, console: false });
  const [sessions, targets, routes] = [logging.logger('session'), logging.logger('target'), logging.logger('route')];
  logEvent({ sessions, targets, routes }, event);
  await logging.close();
  return logRecords(directory);
}

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
      { level: 'info', message: 'client changed its address' },
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
