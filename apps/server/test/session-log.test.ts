import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLogging } from '@relay/logging';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import {
  nodePrimitives,
  generateKeyPair,
  ServerChannel,
  ClientChannel,
  type PacketOut,
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
  const [toServer, toClient] = [newOut(), newOut()];
  const server = new ServerChannel({
    staticKey: serverKey,
    resetSecret: new Uint8Array(32),
    clients: { lookup: () => ({ name: 'ada', limits: {}, newestTimestamp: 0n }), recordTimestamp: () => undefined },
    primitives: nodePrimitives,
    out: toClient,
  });
  const client = new ClientChannel({
    staticKey: clientKey,
    serverPublicKey: serverKey.publicKey,
    server: { address: '127.0.0.1', port: 5001 },
    primitives: nodePrimitives,
    out: toServer,
  });
  client.connect(1000, Date.now());
  while (toServer.packets.length + toClient.packets.length > 0) {
    for (const packet of toServer.packets.splice(0)) take(server, packet);
    for (const packet of toClient.packets.splice(0)) take(client, packet);
  }
  const [session] = server.sessions();
  if (session === undefined) throw new Error('there is no session');
  return session;
}

/** Keeps the packets that a channel sends. */
function newOut(): PacketOut & { readonly packets: Uint8Array[] } {
  const [bytes, packets] = [new Uint8Array(2048), new Array<Uint8Array>()];
  return { bytes, packets, reserve: () => 0, add: (length) => packets.push(bytes.slice(0, length)) };
}

function take(channel: ClientChannel | ServerChannel, bytes: Uint8Array): void {
  const [offsets, lengths] = [Uint32Array.of(0), Uint32Array.of(bytes.length)];
  const [sources, locals] = [new Uint8Array(PACKED_ENDPOINT_BYTES), new Uint8Array(PACKED_ENDPOINT_BYTES)];
  packEndpoint({ address: '127.0.0.1', port: 5000 }, sources, 0);
  channel.receive({ count: 1, bytes, offsets, lengths, sources, locals }, 0, 1000);
  while (channel.nextFrame(1000));
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
