import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLogging } from '@relay/logging';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import {
  nodePrimitives,
  generateKeyPair,
  ServerChannel,
  ClientChannel,
  type Session,
  type SessionEvent,
} from '@relay/session';
import { logSessionEvent } from '../src/session-log.js';
import { logRecords } from './support/log-records.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

/** A session of a server with a client that is called ada, from 127.0.0.1:5000. */
function newSession(): Session {
  const [serverKey, clientKey] = [generateKeyPair(), generateKeyPair()];
  const path = new Uint8Array(2 * PACKED_ENDPOINT_BYTES);
  packEndpoint({ address: '127.0.0.1', port: 5000 }, path, 0);
  const ends: { client?: ClientChannel; server?: ServerChannel } = {};
  const waiting: (() => void)[] = [];
  const sinks = { onFrame: () => undefined, onEvent: () => undefined, primitives: nodePrimitives };
  const server = new ServerChannel({
    ...sinks,
    staticKey: serverKey,
    resetSecret: new Uint8Array(32),
    clients: { lookup: () => ({ name: 'ada', limits: {}, newestTimestamp: 0n }), recordTimestamp: () => undefined },
    onPacket: (bytes, offset, length) => {
      const packet = bytes.slice(offset, offset + length);
      waiting.push(() => ends.client?.receive(packet, 0, length, path, 0, 1000));
    },
  });
  const client = new ClientChannel({
    ...sinks,
    staticKey: clientKey,
    serverPublicKey: serverKey.publicKey,
    server: { address: '127.0.0.1', port: 5001 },
    onPacket: (bytes, offset, length) => {
      const packet = bytes.slice(offset, offset + length);
      waiting.push(() => server.receive(packet, 0, length, path, 0, 1000));
    },
  });
  ends.client = client;
  client.connect(1000, Date.now());
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
  const [session] = server.sessions();
  if (session === undefined) throw new Error('there is no session');
  return session;
}

describe('the log of sessions', () => {
  const session = newSession();
  const fields = { client: 'ada', session: session.id, from: '127.0.0.1:5000' };

  test.each<[string, SessionEvent, Record<string, unknown>]>([
    ['connected', { kind: 'connected', session }, { level: 'info', message: 'client connected' }],
    [
      'disconnected',
      { kind: 'disconnected', session, reason: 'kicked' },
      { level: 'info', message: 'client disconnected', reason: 'kicked' },
    ],
    ['roamed', { kind: 'roamed', session }, { level: 'info', message: 'client changed its address' }],
    ['lost', { kind: 'path-lost', session }, { level: 'debug', message: 'client does not answer' }],
    ['restored', { kind: 'path-restored', session }, { level: 'debug', message: 'client answers again' }],
    ['anything else', { kind: 'rekeyed', session }, { level: 'trace', message: 'rekeyed' }],
  ])('says who it is about: %s', async (name, event, expected) => {
    const directory = join(folder, name);
    const logging = createLogging({ level: 'trace', directory, console: false });
    logSessionEvent(logging.logger('session'), event);
    await logging.close();
    expect(logRecords(directory)).toEqual([expect.objectContaining({ ...fields, ...expected })]);
  });
});
