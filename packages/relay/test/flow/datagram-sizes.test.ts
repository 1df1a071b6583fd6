import { describe, expect, test } from '@jest/globals';
import { dropCode, dropReasonOf } from '@relay/packet';
import { DatagramWriter } from '../../src/batch/datagram-writer.js';
import { PacketBatch } from '../../src/batch/packet-batch.js';
import { Datagram } from '../../src/datagram.js';
import { Traffic } from '../../src/traffic.js';
import { PlainSession } from './plain-session.js';
import { packed, PERFECT, TwoPeers } from './two-peers.js';

const MAX_PAYLOAD = 65_507;
const SOURCE = packed('192.0.2.1', 4000);
const TARGET = packed('2001:db8::1', 53);
const LIMITS = { maxFlows: 8, idleMs: 60_000 };

const HEADING = { id: 2, endpoints: undefined };

/** Bytes of which no two stretches are alike. */
const sample = Buffer.alloc(MAX_PAYLOAD);
for (let i = 0; i < MAX_PAYLOAD; i++) sample[i] = (i * 31 + (i >> 8) * 17 + (i >> 11)) & 0xff;

/**
 * Sends every size to the target, where it is sent back if it is in `both`; the sizes that did not
 * come whole.
 */
function damaged(peers: TwoPeers, sizes: Iterable<number>): number[] {
  const entrance = peers.entrance(TARGET, 4, 60_000);
  const wrong: number[] = [];
  peers.connect();
  peers.acceptor.arrived = (flow, payload) => peers.reply(flow, payload);
  for (const size of sizes) {
    const payload = sample.subarray(0, size);
    peers.send(entrance, SOURCE, payload);
    peers.pass(0);
    const arrivals = [...peers.acceptor.arrivals.splice(0), ...peers.opener.arrivals.splice(0)];
    if (arrivals.length !== 2 || !arrivals.every((arrival) => payload.equals(arrival.payload))) wrong.push(size);
  }
  return wrong;
}

function* every(first: number, last: number, step = 1): Generator<number> {
  for (let size = first; size <= last; size += step) yield size;
}

describe('datagrams of every size', () => {
  test.each([
    ['0 to 5,000 bytes', 1420, every(0, 5000)],
    ['0 to 65,507 bytes in steps of 53, where packets are of the least size', 1248, every(0, MAX_PAYLOAD, 53)],
    ['65,400 to 65,507 bytes', 1420, every(65_400, MAX_PAYLOAD)],
    ['60,000 to 65,507 bytes in steps of 51, in jumbo packets', 8940, every(60_000, MAX_PAYLOAD, 51)],
    ['65,300 to 65,507 bytes in the largest packets', 65_475, every(65_300, MAX_PAYLOAD)],
  ])('%s pass intact both ways', (_name, maxFramesBytes, sizes) => {
    expect(damaged(new TwoPeers('client', 0, LIMITS, { ...PERFECT, maxFramesBytes }), sizes)).toEqual([]);
  });

  test('larger than UDP carries is refused', () => {
    const peers = new TwoPeers('client', 0, LIMITS);
    peers.connect();
    peers.send(peers.entrance(TARGET, 4, 60_000), SOURCE, new Uint8Array(MAX_PAYLOAD + 1));
    expect(peers.opener.traffic.toTarget.drops.toJSON()).toEqual({ 'too-large': 1 });
  });
});

describe('DatagramWriter', () => {
  const write = (batch: PacketBatch, session: PlainSession, length: number, traffic = new Traffic()): number =>
    new DatagramWriter(batch).write(session, HEADING, new Datagram().show(sample, 0, length), traffic, 0);

  // The peer tells how large its packets may be, and may tell anything.
  test.each([1, 5, 32, 43, 44, 60])(
    'a peer that takes %i bytes gets the datagrams that fit, and nothing is thrown',
    (maxFrames) => {
      const session = new PlainSession(0, maxFrames, () => undefined);
      const code = write(new PacketBatch(({ count }) => count), session, 20_000);
      expect(dropReasonOf(code)).toBe('too-large');
      expect(session.sealed).toBe(0);
    },
  );

  test('a datagram that lost a piece in a full queue is counted as dropped, and its rest is not sent', () => {
    const traffic = new Traffic();
    let packets = 0;
    const batch = new PacketBatch(({ count }) => {
      packets += count;
      return 0;
    });
    const session = new PlainSession(0, 1420, () => undefined);
    const code = write(batch, session, MAX_PAYLOAD, traffic);
    expect(code).toBe(0); // all its pieces fit the batch
    batch.flush();
    expect(traffic.drops.toJSON()).toEqual({ 'queue-full': 1 });

    const small = new PlainSession(0, 600, () => undefined);
    packets = 0;
    expect(write(batch, small, MAX_PAYLOAD)).toBe(dropCode('queue-full'));
    expect(packets).toBe(64);
    expect(batch.count).toBe(0);
  });

  test('a datagram that a session refuses to seal is dropped for that reason', () => {
    const session = new PlainSession(0, 1420, () => undefined);
    session.isOpen = false;
    const batch = new PacketBatch(({ count }) => count);
    expect(dropReasonOf(write(batch, session, 100))).toBe('no-session');
    expect(dropReasonOf(write(batch, session, 10_000))).toBe('no-session');
    expect(batch.count).toBe(0);
  });
});
