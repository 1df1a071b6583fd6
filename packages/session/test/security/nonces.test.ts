// pion/dtls CVE-2026-26014: a nonce used twice. Here every (key, counter) that seals is written
// down.
import { describe, expect, test } from '@jest/globals';
import { encodeCompactHeader } from '@relay/packet';
import { RecordingPrimitives } from '../recording-primitives.js';
import { TwoEnds } from '../two-ends.js';

describe('no key seals twice with the same counter', () => {
  test('over rekeys, reconnections, restarts and packets that could not be sent', () => {
    const primitives = new RecordingPrimitives();
    const ends = new TwoEnds({ primitives }, { primitives });
    ends.connect();
    for (let round = 0; round < 6; round++) {
      ends.pass(130_000);
      ends.clientSession.ping(ends.nowMs);
      ends.clientSession.seal(new Uint8Array(64), 0, 8, ends.nowMs);
      ends.clientSession.seal(new Uint8Array(64), 0, 60_000, ends.nowMs);
      if (round % 2 === 0) ends.server = ends.newServer();
      ends.clientSession.ping(ends.nowMs);
      ends.settle();
      ends.pass(2000);
    }
    expect(primitives.sealed.size).toBeGreaterThan(100);
    expect(primitives.reused).toEqual([]);
  });

  test('after an end that is final, nothing seals', () => {
    const ends = new TwoEnds();
    ends.connect();
    const { clientSession } = ends;
    ends.client.close(ends.nowMs);
    const bytes = new Uint8Array(64);
    expect(clientSession.seal(bytes, 0, encodeCompactHeader(bytes, 16, 2) - 16, ends.nowMs)).toBeLessThan(0);
  });
});

describe('a transport packet', () => {
  // Shadowsocks tried the keys of all users on every packet: a partitioning oracle.
  test('is tried with one key, once: that of its index', () => {
    const primitives = new RecordingPrimitives();
    const ends = new TwoEnds({}, { primitives });
    ends.connect();
    ends.clientSession.ping(ends.nowMs);
    const [ping] = ends.clientEnd.sent.splice(0);
    const before = primitives.opened;
    ends.toServer(ping?.bytes ?? new Uint8Array());
    expect(primitives.opened).toBe(before + 1);
    ends.toServer(ping?.bytes ?? new Uint8Array());
    expect(primitives.opened).toBe(before + 1);
    const unknown = Uint8Array.from(ping?.bytes ?? []);
    unknown[7] = (unknown[7] ?? 0) ^ 0x80;
    ends.toServer(unknown);
    expect(primitives.opened).toBe(before + 1);
  });
});
