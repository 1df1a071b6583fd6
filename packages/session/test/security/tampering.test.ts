// coturn acted on attributes after the MAC. Here every bit of every packet is under a seal.
import { describe, expect, test } from '@jest/globals';
import { dropReasonOf } from '@relay/packet';
import { TwoEnds, type Sent } from '../two-ends.js';

/**
 * One authentic packet of each kind, with what would receive it: made anew each time, so that it
 * could be accepted.
 */
const KINDS: readonly (readonly [
  string,
  () => { readonly packet: Uint8Array; readonly receive: (bytes: Uint8Array) => number },
])[] = [
  [
    'initiation',
    () => {
      const ends = new TwoEnds();
      ends.client.connect(ends.nowMs, ends.wallMs);
      return { packet: only(ends.clientEnd.sent), receive: (bytes) => ends.toServer(bytes) };
    },
  ],
  [
    'response',
    () => {
      const ends = new TwoEnds();
      ends.client.connect(ends.nowMs, ends.wallMs);
      ends.toServer(only(ends.clientEnd.sent));
      return { packet: only(ends.serverEnd.sent), receive: (bytes) => ends.toClient(bytes) };
    },
  ],
  [
    'cookie reply',
    () => {
      const ends = new TwoEnds();
      ends.server.setLoad('loaded', ends.nowMs);
      ends.client.connect(ends.nowMs, ends.wallMs);
      ends.toServer(only(ends.clientEnd.sent));
      return { packet: only(ends.serverEnd.sent), receive: (bytes) => ends.toClient(bytes) };
    },
  ],
  [
    'transport packet',
    () => {
      const ends = new TwoEnds();
      ends.connect();
      ends.clientSession.ping(ends.nowMs);
      return { packet: only(ends.clientEnd.sent), receive: (bytes) => ends.toServer(bytes) };
    },
  ],
];

function only(sent: readonly Sent[]): Uint8Array {
  const [first] = sent;
  if (first === undefined || sent.length !== 1) throw new Error(`${sent.length} packets were sent, not one`);
  return first.bytes;
}

describe.each(KINDS)('an authentic %s', (_kind, make) => {
  test('is refused with any one bit changed, and accepted after all that', () => {
    const { packet, receive } = make();
    // mac2 of messages without a cookie is not looked at.
    const hasMac2 = packet[0] === 1 || packet[0] === 2;
    const covered = hasMac2 ? packet.length - 16 : packet.length;
    for (let bit = 0; bit < covered * 8; bit++) {
      const changed = packet.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(receive(changed)).toBeLessThan(0);
    }
    expect(receive(packet)).toBe(0);
  });

  test('is refused when cut anywhere or longer by any byte, and accepted after all that', () => {
    const { packet, receive } = make();
    for (let length = 0; length < packet.length; length++) expect(receive(packet.slice(0, length))).toBeLessThan(0);
    for (let byte = 0; byte < 256; byte++) expect(receive(Uint8Array.of(...packet, byte))).toBeLessThan(0);
    expect(receive(packet)).toBe(0);
  });

  test('is refused the second time', () => {
    const { packet, receive } = make();
    expect(receive(packet)).toBe(0);
    const isCookie = packet[0] === 3;
    // A cookie reply is for one initiation, which has its answer by then.
    const expected = { 1: 'stale-timestamp', 2: 'unknown-index', 3: 'unknown-index', 4: 'replayed' }[packet[0] ?? 0];
    expect([isCookie, dropReasonOf(receive(packet))]).toEqual([isCookie, expected]);
  });
});
