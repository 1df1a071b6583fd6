import { describe, expect, test } from '@jest/globals';
import { encodeCompactHeader, PACKET, packetType } from '@relay/packet';
import { SeededRandom } from '../simulation/seeded-random.js';
import { TwoEnds } from '../two-ends.js';

function connected(): TwoEnds {
  const ends = new TwoEnds();
  ends.connect();
  return ends;
}

function sendDatagram(ends: TwoEnds): void {
  const frame = new Uint8Array(20);
  encodeCompactHeader(frame, 0, 2);
  ends.clientSession.sendFrames(frame, 0, frame.length, ends.nowMs);
}

/** The counter of a transport packet: docs/protocol.md, bytes 8 to 16, little-endian. */
const counterOf = (packet: Uint8Array): number =>
  Number(new DataView(packet.buffer, packet.byteOffset).getBigUint64(8, true));

/**
 * Lets 2 s pass of which only the server knows: it reports what came, and the client reads that.
 */
function reported(ends: TwoEnds): void {
  ends.nowMs += 2000;
  ends.server.wake(ends.nowMs);
  for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
}

describe('loss, as both ends measure it', () => {
  test.each([0, 0.1, 0.5])('is the share of packets that did not come, smoothed over reports (%d lost)', (lossRate) => {
    const random = new SeededRandom(7);
    const ends = connected();
    let before = { received: 0, highest: -1 };
    let expected = Number.NaN;
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 30; i++) sendDatagram(ends);
      const packets = ends.clientEnd.sent
        .splice(0)
        .filter(({ bytes }) => packetType(bytes, 0, bytes.length) === PACKET.transport);
      for (const [i, { bytes }] of packets.entries())
        if (i === packets.length - 1 || !random.chance(lossRate)) ends.toServer(bytes);
      const counts = {
        received: ends.serverSession.statistics.packetsIn,
        highest: counterOf(packets.at(-1)?.bytes ?? new Uint8Array(16)),
      };
      const loss = 1 - (counts.received - before.received) / (counts.highest - before.highest);
      expected = Number.isNaN(expected) ? loss : (expected + loss) / 2;
      before = counts;
      reported(ends);
      expect(ends.serverSession.statistics.lossIn).toBeCloseTo(expected, 10);
      expect(ends.clientSession.statistics.lossOut).toBeCloseTo(expected, 10);
    }
    expect(expected > 0).toBe(lossRate > 0);
  });

  test('is never below zero: what comes late makes up for what counted as lost', () => {
    const ends = connected();
    for (let i = 0; i < 20; i++) sendDatagram(ends);
    const late = ends.clientEnd.sent.splice(0, 10);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    reported(ends);
    const first = ends.serverSession.statistics.lossIn;
    expect(first).toBeGreaterThan(0.3);
    for (const { bytes } of late) ends.toServer(bytes);
    sendDatagram(ends);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    reported(ends);
    expect(ends.serverSession.statistics.lossIn).toBeCloseTo(first / 2, 10);
  });

  test('is counted again from the start under new keys', () => {
    const ends = connected();
    for (let i = 0; i < 20; i++) sendDatagram(ends);
    ends.clientEnd.sent.splice(0, 10);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    reported(ends);
    const before = ends.serverSession.statistics.lossIn;
    expect(before).toBeGreaterThan(0.3);
    ends.settle();
    ends.pass(121_000);
    expect(ends.clientEvents()).toContain('rekeyed');
    for (let i = 0; i < 20; i++) sendDatagram(ends);
    ends.settle();
    ends.pass(3000);
    const { lossIn } = ends.serverSession.statistics;
    expect(lossIn).toBeLessThanOrEqual(before / 2);
    expect(ends.clientSession.statistics.lossOut).toBeCloseTo(lossIn, 10);
  });
});

describe('jitter, as both ends measure it', () => {
  test('is the interarrival jitter of RFC 3550, from the second packet that says when it was sent', () => {
    const random = new SeededRandom(3);
    const ends = connected();
    let jitter = Number.NaN;
    let before: number | undefined;
    for (let i = 0; i < 30; i++) {
      ends.clientSession.ping(ends.nowMs);
      const transit = Math.floor(random.between(1, 40));
      ends.nowMs += transit;
      for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
      ends.serverEnd.sent.length = 0;
      if (before !== undefined) {
        const difference = Math.abs(transit - before);
        jitter = Number.isNaN(jitter) ? difference : jitter + (difference - jitter) / 16;
      }
      before = transit;
      const { jitterInMs } = ends.serverSession.statistics;
      if (Number.isNaN(jitter)) expect(jitterInMs).toBeNaN();
      else expect(jitterInMs).toBeCloseTo(jitter, 6);
    }
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    reported(ends);
    expect(ends.clientSession.statistics.jitterOutMs).toBeCloseTo(jitter, 2);
  });

  test('is told as nothing while it is not known, and no round trip is told that was not measured', () => {
    const ends = connected();
    for (let i = 0; i < 10; i++) sendDatagram(ends);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    reported(ends);
    const { jitterOutMs, lossOut, peerRoundTripMs } = ends.clientSession.statistics;
    expect([jitterOutMs, lossOut, peerRoundTripMs]).toEqual([0, 0, Number.NaN]);
  });
});

describe('the round trip', () => {
  test('is smoothed as RFC 6298 has it, and its least and latest are kept', () => {
    const random = new SeededRandom(5);
    const ends = connected();
    let [smoothed, variation, least] = [Number.NaN, Number.NaN, Infinity];
    for (let i = 0; i < 30; i++) {
      ends.clientSession.ping(ends.nowMs);
      for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
      const roundTrip = Math.floor(random.between(1, 200));
      ends.nowMs += roundTrip;
      for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
      least = Math.min(least, roundTrip);
      variation = i === 0 ? roundTrip / 2 : (3 * variation + Math.abs(smoothed - roundTrip)) / 4;
      smoothed = i === 0 ? roundTrip : (7 * smoothed + roundTrip) / 8;
      const { statistics } = ends.clientSession;
      expect(statistics.roundTripMs).toBeCloseTo(smoothed, 6);
      expect(statistics.roundTripVariationMs).toBeCloseTo(variation, 6);
      expect([statistics.latestRoundTripMs, statistics.minimumRoundTripMs]).toEqual([roundTrip, least]);
    }
  });
});

describe('counts of packets', () => {
  test('are those of the wire, on both ends', () => {
    const ends = connected();
    const at = { out: 0, outBytes: 0 };
    const { packetsOut, bytesOut } = ends.clientSession.statistics;
    const { packetsIn, bytesIn } = ends.serverSession.statistics;
    for (let i = 0; i < 5; i++) sendDatagram(ends);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) {
      at.out++;
      at.outBytes += bytes.length;
      ends.toServer(bytes);
    }
    expect(at.out).toBe(5);
    const [client, server] = [ends.clientSession.statistics, ends.serverSession.statistics];
    expect([client.packetsOut - packetsOut, client.bytesOut - bytesOut]).toEqual([at.out, at.outBytes]);
    expect([server.packetsIn - packetsIn, server.bytesIn - bytesIn]).toEqual([at.out, at.outBytes]);
  });
});
