import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { PACKET } from '@relay/packet';
import { TwoEnds, type Sent } from '../two-ends.js';

/** Where every packet of a client to a server, initiation or transport, has the byte. */
const OFFSET_SHARD_BYTE = 5;

const bytesOf = (sent: readonly Sent[]): Set<number | undefined> =>
  new Set(sent.map(({ bytes }) => bytes[OFFSET_SHARD_BYTE]));

test('every packet of a client carries the byte of its shard, over rekeys, new sessions and restarts of either side', () => {
  const ends = new TwoEnds();
  const toServer: Sent[] = [];
  const receive = ends.toServer.bind(ends);
  ends.toServer = (bytes, source) => {
    toServer.push({ bytes, destination: bytes });
    return receive(bytes, source);
  };
  ends.connect();
  ends.pass(250_000); // keepalives and two rekeys
  ends.server = ends.newServer();
  ends.clientSession.ping(ends.nowMs);
  ends.pass(5000); // a notice, and a new session
  ends.client.close(ends.nowMs);
  ends.settle();
  ends.client.connect(ends.nowMs, ends.wallMs);
  ends.settle();

  const types = new Set(toServer.map(({ bytes }) => bytes[0]));
  expect([...types].sort()).toEqual([PACKET.initiation, PACKET.transport]);
  expect(toServer.filter(({ bytes }) => bytes[0] === PACKET.initiation).length).toBeGreaterThan(3);
  const hash = createHash('blake2s256').update(ends.serverKey.publicKey).update(ends.clientKey.publicKey).digest();
  expect(bytesOf(toServer)).toEqual(new Set([hash[0]]));
});

test('clients have different bytes', () => {
  const bytes = new Set<number | undefined>();
  for (let client = 0; client < 20; client++) {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    bytes.add(ends.clientEnd.sent[0]?.bytes[OFFSET_SHARD_BYTE]);
  }
  expect(bytes.size).toBeGreaterThan(10);
});
