// CVE-2024-2169: two servers answered each other's errors for ever.
import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, MIN_TRANSPORT_BYTES, PACKET, RESET_BYTES } from '@relay/packet';
import { SeededRandom } from '../simulation/seeded-random.js';
import { packed, TwoEnds } from '../two-ends.js';

function unknownPacket(length = MIN_TRANSPORT_BYTES): Uint8Array {
  const packet = new Uint8Array(length);
  packet.set([4, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef]);
  return packet;
}

describe('a transport packet of unknown index', () => {
  test('is answered by a reset that is smaller than it, however small it is', () => {
    const ends = new TwoEnds();
    expect(dropReasonOf(ends.toServer(unknownPacket()))).toBe('unknown-index');
    expect(ends.serverEnd.sent.map(({ bytes }) => bytes.length)).toEqual([RESET_BYTES]);
    expect(RESET_BYTES).toBeLessThan(MIN_TRANSPORT_BYTES);
  });

  test('and ten thousand more in a second, from one address, by 100', () => {
    const ends = new TwoEnds();
    for (let count = 0; count < 10_000; count++) ends.toServer(unknownPacket());
    expect(ends.serverEnd.sent).toHaveLength(100);
  });

  test('and a hundred thousand more in a second, from as many addresses, by 1,000', () => {
    const ends = new TwoEnds();
    for (let count = 0; count < 100_000; count++)
      ends.toServer(unknownPacket(), packed(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`, 9));
    expect(ends.serverEnd.sent).toHaveLength(1000);
  });
});

describe('a reset', () => {
  test('is answered by nobody: servers and clients that face each other fall silent', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.toServer(unknownPacket());
    const [reset] = ends.serverEnd.sent.splice(0);
    const bytes = reset?.bytes ?? new Uint8Array();
    expect(dropReasonOf(ends.toServer(bytes))).toBe('unknown-type');
    expect(dropReasonOf(ends.toClient(bytes))).toBe('unknown-index');
    expect([...ends.serverEnd.sent, ...ends.clientEnd.sent]).toEqual([]);
  });

  test('brings a client back in one round trip after the server was killed', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.server = ends.newServer();
    ends.clientEvents();
    ends.clientSession.ping(ends.nowMs);
    ends.settle();
    expect(ends.clientEvents()).toEqual(['disconnected', 'connected', 'parameters']);
    expect([...ends.server.sessions()]).toHaveLength(1);
  });

  test('without the token that the server told does nothing', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.server = ends.newServer();
    ends.clientSession.ping(ends.nowMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    const [reset] = ends.serverEnd.sent.splice(0);
    const bytes = Uint8Array.from(reset?.bytes ?? []);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(ends.toClient(changed)).toBeLessThan(0);
    }
    new SeededRandom(3).bytes(bytes.subarray(8));
    expect(dropReasonOf(ends.toClient(bytes))).toBe('bad-token');
    expect(ends.clientEnd.sent).toEqual([]);
  });

  test('that is repeated without end costs two handshakes a second, and the session lives', () => {
    const ends = new TwoEnds();
    ends.connect();
    const former = ends.server;
    ends.server = ends.newServer();
    ends.clientSession.ping(ends.nowMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    const [reset] = ends.serverEnd.sent.splice(0);
    // The server was never gone: somebody has a reset from it, and forges its address.
    ends.server = former;
    let handshakes = 0;
    for (let step = 0; step < 1000; step++) {
      ends.toClient(reset?.bytes ?? new Uint8Array());
      handshakes += ends.clientEnd.sent.splice(0).filter(({ bytes }) => bytes[0] === PACKET.initiation).length;
      ends.nowMs += 10;
    }
    expect(handshakes).toBeLessThanOrEqual(21);
    expect(ends.clientSession.isOpen).toBe(true);
  });
});
