// A server with several addresses, reached at one of them, answers from that one: NATs and
// firewalls on the way let nothing else in.
import { describe, expect, test } from '@jest/globals';
import { DROP, dropReasonOf, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { timestampOf } from '../../src/handshake/timestamp.js';
import { OFFSET_PATH_LOCAL, packPath } from '../../src/index.js';
import { TwoEnds } from '../two-ends.js';

const CLIENT = { address: '198.51.100.7', port: 40_000 };
const FIRST = packPath(CLIENT, { address: '192.0.2.1', port: 7878 });
const SECOND = packPath(CLIENT, { address: '2001:db8::2', port: 7878 });

/** The paths on which the server has sent since it was last asked. */
const pathsTaken = (ends: TwoEnds): Uint8Array[] => ends.serverEnd.sent.splice(0).map(({ destination }) => destination);

/** What the client has to send comes to the server on a path. */
function deliver(ends: TwoEnds, path: Uint8Array): void {
  for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes, path);
}

function connectedOn(path: Uint8Array): TwoEnds {
  const ends = new TwoEnds();
  ends.clientAddress = path;
  ends.connect();
  ends.serverEvents();
  return ends;
}

describe('a server with several addresses', () => {
  test('answers a handshake, and what tells of a wrong clock, from the address that was asked', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    deliver(ends, SECOND);
    expect(pathsTaken(ends)).toEqual([SECOND]);
    ends.nowMs = ends.client.nextWakeMs;
    ends.client.wake(ends.nowMs);
    const [{ bytes } = { bytes: new Uint8Array() }] = ends.clientEnd.sent.splice(0);
    ends.directory.add(ends.clientKey.publicKey, { newestTimestamp: timestampOf(ends.wallMs + 3_600_000) });
    for (const path of [FIRST, SECOND]) {
      expect(dropReasonOf(ends.toServer(bytes, path))).toBe('stale-timestamp'); // a notice tells so
      expect(pathsTaken(ends)).toEqual([path]);
    }
  });

  test('asks for a cookie from the address that was asked', () => {
    const ends = new TwoEnds();
    ends.server.setLoad('loaded', ends.nowMs);
    ends.client.connect(ends.nowMs, ends.wallMs);
    deliver(ends, SECOND);
    expect(pathsTaken(ends)).toEqual([SECOND]);
  });

  test('keeps to that address in the session, whatever it sends', () => {
    const ends = connectedOn(SECOND);
    expect(ends.serverSession.packedPath).toEqual(SECOND);
    expect(ends.serverSession.endpoint).toEqual(SECOND.subarray(0, PACKED_ENDPOINT_BYTES));
    ends.serverSession.ping(ends.nowMs);
    ends.clientSession.ping(ends.nowMs);
    deliver(ends, SECOND);
    const taken = pathsTaken(ends);
    expect(taken.length).toBeGreaterThanOrEqual(2);
    expect(taken.filter((path) => Buffer.compare(path, SECOND) !== 0)).toEqual([]);
  });

  test('goes on from another of its addresses once the client asks that, and has the path prove itself', () => {
    const ends = connectedOn(FIRST);
    ends.clientAddress = SECOND;
    ends.clientSession.ping(ends.nowMs);
    ends.settle();
    expect(ends.serverSession.packedPath).toEqual(SECOND);
    expect(ends.serverEvents().filter((kind) => kind !== 'pong')).toEqual(['roamed', 'path-validated']);
  });

  test('returns to the address on which the client was heard if the other path proves nothing', () => {
    const ends = connectedOn(FIRST);
    ends.clientSession.ping(ends.nowMs);
    deliver(ends, SECOND);
    ends.passCut(3500);
    expect(ends.serverSession.packedPath).toEqual(FIRST);
  });

  test('is told by a batch of received packets which address each of them was sent to', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    ends.client.wake((ends.nowMs = ends.client.nextWakeMs));
    const [stale = new Uint8Array(), initiation = stale] = ends.clientEnd.sent.splice(0).map((sent) => sent.bytes);
    ends.directory.add(ends.clientKey.publicKey, { newestTimestamp: timestampOf(ends.wallMs + 100) });
    const bytes = Uint8Array.from([...stale, ...initiation]);
    const batch = {
      ...{ count: 2, bytes, offsets: Uint32Array.of(0, stale.length) },
      lengths: Uint32Array.of(stale.length, bytes.length - stale.length),
      sources: joined([FIRST, SECOND], 0),
      locals: joined([FIRST, SECOND], OFFSET_PATH_LOCAL),
    };
    const codes = [0, 1].map((i) => ends.server.receive(batch, i, ends.nowMs));
    expect(pathsTaken(ends)).toEqual([FIRST, SECOND]);
    expect(codes).toEqual([DROP.staleTimestamp, 0]);
  });
});

describe('a server', () => {
  test.each([0, 1, 2, 4])('knows the path of a packet whose endpoints lie %d bytes into their arrays', (shift) => {
    const ends = connectedOn(FIRST);
    const shifted = (end: Uint8Array): Uint8Array => Uint8Array.of(...new Uint8Array(shift), ...end).subarray(shift);
    const sources = shifted(joined([SECOND, FIRST], 0));
    for (const [locals, events] of [
      [joined([SECOND, FIRST], OFFSET_PATH_LOCAL), []],
      [joined([FIRST, SECOND], OFFSET_PATH_LOCAL), ['roamed']],
    ] as const) {
      ends.clientSession.ping(ends.nowMs);
      const [ping] = ends.clientEnd.sent.splice(0);
      const bytes = ping?.bytes ?? new Uint8Array();
      const [offsets, lengths] = [Uint32Array.of(0, 0), Uint32Array.of(0, bytes.length)];
      const batch = { count: 2, bytes, offsets, lengths, sources, locals: shifted(locals) };
      expect(ends.server.receive(batch, 1, ends.nowMs)).toBe(0);
      expect(ends.serverEvents()).toEqual(events);
    }
  });
});

/** One end of each path, one behind another. */
function joined(paths: readonly Uint8Array[], offset: number): Uint8Array {
  return Uint8Array.from(paths.flatMap((path) => [...path.subarray(offset, offset + PACKED_ENDPOINT_BYTES)]));
}
