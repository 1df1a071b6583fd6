import { describe, expect, test } from '@jest/globals';
import { FEATURE, dropReasonOf, encodeCompactHeader, PACKET, packetType } from '@relay/packet';
import { packed, TwoEnds, type Sent } from '../two-ends.js';

function connected(): TwoEnds {
  const ends = new TwoEnds();
  ends.connect();
  return ends;
}

const isOf = (type: number, { bytes }: Sent): boolean => packetType(bytes, 0, bytes.length) === type;

/**
 * Lets time pass as {@link TwoEnds.pass} does; at which ms from now the client, or the server, sent
 * what `isMeant`.
 */
function timesOf(
  ends: TwoEnds,
  side: 'client' | 'server',
  ms: number,
  { isCut = false, isMeant = (_sent: Sent): boolean => true } = {},
): number[] {
  const beginMs = ends.nowMs;
  const times: number[] = [];
  for (;;) {
    const nextMs = Math.min(ends.client.nextWakeMs, ends.server.nextWakeMs);
    if (nextMs > beginMs + ms) break;
    ends.nowMs = Math.max(ends.nowMs, nextMs);
    ends.client.wake(ends.nowMs);
    ends.server.wake(ends.nowMs);
    const { sent } = side === 'client' ? ends.clientEnd : ends.serverEnd;
    for (const one of sent) if (isMeant(one)) times.push(ends.nowMs - beginMs);
    if (isCut) ends.clientEnd.sent.length = ends.serverEnd.sent.length = 0;
    else ends.settle();
  }
  ends.nowMs = beginMs + ms;
  return times;
}

function sendDatagram(ends: TwoEnds): void {
  const frame = new Uint8Array(20);
  encodeCompactHeader(frame, 0, 2);
  ends.clientSession.sendFrames(frame, 0, frame.length, ends.nowMs);
}

const steps = (first: number, by: number, last: number): number[] =>
  Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, i) => first + i * by);

describe('in time', () => {
  test('an idle client refreshes the mapping of its NAT every 25 s, and the server says nothing by itself', () => {
    const ends = connected();
    expect(timesOf(ends, 'client', 110_000)).toEqual([25_000, 50_000, 75_000, 100_000]);
    const other = connected();
    expect(timesOf(other, 'server', 110_000)).toEqual([]);
  });

  test('what gets no answer is asked after, until the path is lost and for as long as it is', () => {
    const ends = connected();
    sendDatagram(ends);
    ends.clientEnd.sent.length = 0;
    const expected = [
      ...steps(500, 250, 2750), // before the path is lost
      ...steps(3000, 500, 60_000), // lost: soon back
      ...steps(62_000, 2000, 70_000), // for long: less often
    ];
    const isMeant = (sent: Sent): boolean => isOf(PACKET.transport, sent);
    expect(timesOf(ends, 'client', 70_000, { isCut: true, isMeant })).toEqual(expected);
  });

  test.each([
    ['goes on after the loss of the path, and 40 s later another begins a new one', FEATURE.notices, 43_000, 2000],
    ['gives way to a new one with the loss of the path, if the server tells nothing', 0, 3000, 0],
  ])('with the second probe a handshake renews the session; it %s', (_what, features, newMs, lateMs) => {
    const ends = connected();
    Object.assign(ends.client.session?.peerParameters ?? {}, { features }); // as the server has stated them
    sendDatagram(ends);
    ends.clientEnd.sent.length = 0;
    const isRekey: boolean[] = [];
    const isMeant = (sent: Sent): boolean => {
      if (isOf(PACKET.initiation, sent)) isRekey.push(((sent.bytes[4] ?? 0) & 1) === 1);
      return isOf(PACKET.initiation, sent);
    };
    const times = timesOf(ends, 'client', newMs + lateMs, { isCut: true, isMeant });
    const renewals = isRekey.indexOf(false);
    expect(times[0]).toBe(750);
    expect(renewals).toBeGreaterThan(1);
    expect(times[renewals]).toBeGreaterThanOrEqual(newMs);
    expect(isRekey.slice(renewals)).not.toContain(true);
    expect(times.filter((ms) => ms < newMs).length).toBeLessThanOrEqual(23);
  });

  test('a handshake without an answer is tried again soon at first, then less and less often', () => {
    // In the middle of its range: no wait is longer or shorter.
    const random = (bytes: Uint8Array): void => {
      bytes.fill(0);
      bytes[0] = 0x80;
    };
    const ends = new TwoEnds({ random });
    ends.client.connect(ends.nowMs, ends.wallMs);
    ends.clientEnd.sent.length = 0;
    const times = timesOf(ends, 'client', 60_000, { isCut: true, isMeant: (sent) => isOf(PACKET.initiation, sent) });
    const waits = times.map((ms, i) => Math.round(ms - (times[i - 1] ?? 0)));
    const short = waits.filter((ms) => ms === 500).length;
    expect(short).toBeGreaterThanOrEqual(10);
    expect(waits.slice(short, short + 7)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  });

  test.each([
    ['shorter', 0, 400],
    ['longer', 0xff, 600],
  ])('such a wait is %s by up to a fifth, as chance has it', (_what, byte, waitMs) => {
    const ends = new TwoEnds({ random: (bytes) => bytes.fill(byte) });
    ends.client.connect(ends.nowMs, ends.wallMs);
    const [first = 0] = timesOf(ends, 'client', 2000, { isCut: true });
    expect(Math.abs(first - waitMs)).toBeLessThan(0.001);
  });

  test('a request is repeated after 0.3 s, then after twice as long, but at least every 3 s', () => {
    const ends = connected();
    const body = new Uint8Array(300);
    ends.clientSession.request(1, body, ends.nowMs);
    ends.clientEnd.sent.length = 0;
    const isMeant = ({ bytes }: Sent): boolean => bytes.length > body.length;
    const times = timesOf(ends, 'client', 14_000, { isCut: true, isMeant });
    expect(times).toEqual([300, 900, 2100, 4500, 7500, 10_500, 13_500]);
  });

  test('a request without an answer shows that the path is lost, as a datagram does', () => {
    const ends = connected();
    ends.clientEvents();
    ends.clientSession.request(1, new Uint8Array(1), ends.nowMs);
    ends.passCut(3100);
    expect(ends.clientEvents()).toEqual(['path-lost']);
  });

  test('a handshake that the client does not confirm is forgotten after 5 s', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    ends.nowMs += 4999;
    ends.server.wake(ends.nowMs);
    expect(ends.server.sessionCount).toBe(1);
    ends.nowMs += 1;
    ends.server.wake(ends.nowMs);
    expect(ends.server.sessionCount).toBe(0);
  });

  test('a new address is asked every 0.4 s for 3 s to prove itself, and left if it does not', () => {
    const ends = connected();
    const elsewhere = packed('203.0.113.9', 9);
    for (let i = 0; i < 30; i++) sendDatagram(ends);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes, elsewhere);
    const at = (destination: Uint8Array) => (sent: Sent) => Buffer.from(sent.destination).equals(destination);
    const asked = ends.serverEnd.sent.filter(at(elsewhere)).length;
    expect(asked).toBe(1);
    ends.serverEnd.sent.length = ends.serverEnd.events.length = 0;
    const times = timesOf(ends, 'server', 6000, { isCut: true, isMeant: at(elsewhere) });
    // Other pings may go there too, for the path is quiet: what matters is when it was asked first
    // and last.
    expect(times.slice(0, 1)).toEqual([400]);
    expect(Math.max(...times)).toBeLessThan(3200);
    expect(ends.serverEvents()).toContain('roamed');
    expect(Buffer.from(ends.serverSession.packedPath).equals(ends.clientAddress)).toBe(true);
  });

  test('late packets under the keys before open for 15 s after the new ones were heard', () => {
    const ends = connected();
    ends.pass(119_000);
    for (let i = 0; i < 2; i++) sendDatagram(ends);
    const [late, later] = ends.clientEnd.sent.splice(0).map(({ bytes }) => bytes);
    if (late === undefined || later === undefined) throw new Error('nothing was sent');
    ends.clientEnd.events.length = 0;
    while (!ends.clientEnd.events.some(({ kind }) => kind === 'rekeyed')) ends.pass(10);
    const rekeyedMs = ends.nowMs;
    ends.pass(14_900);
    expect(ends.nowMs - rekeyedMs).toBe(14_900);
    expect(ends.toServer(late)).toBe(0);
    ends.pass(200);
    expect(dropReasonOf(ends.toServer(later))).toBe('unknown-index');
  });
});
