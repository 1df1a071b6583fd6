// What one authenticated packet may cause: 72 pings, 110 parameters or 160 requests in one packet
// were answered one by one, up to 17 bytes for each byte.
import { describe, expect, test } from '@jest/globals';
import { DropCounters, encodeParameters, encodePing, encodeRequest, SessionParameters } from '@relay/packet';
import { TwoEnds } from '../two-ends.js';

type Write = (bytes: Uint8Array, at: number, number: number) => number;

const ROOM = 1300;
const KINDS: readonly { readonly kind: string; readonly write: Write }[] = [
  { kind: 'pings', write: (bytes, at, number) => encodePing(bytes, at, new Uint8Array(8), 0, number) },
  { kind: 'parameters', write: (bytes, at) => encodeParameters(bytes, at, new SessionParameters()) },
  {
    kind: 'requests',
    write: (bytes, at, number) => encodeRequest(bytes, at, number, 99, new Uint8Array(0)),
  },
];

/** Two ends with a session, and counters of the frames that the server refuses. */
function connected(): { readonly ends: TwoEnds; readonly drops: DropCounters } {
  const drops = new DropCounters();
  const ends = new TwoEnds({}, { drops });
  ends.connect();
  ends.nowMs += 1000;
  ends.serverEnd.sent.length = 0;
  return { ends, drops };
}

/** Sends one packet full of these frames, or with one. The program answers each request. */
function send(
  ends: TwoEnds,
  write: Write,
  first: number,
  room = ROOM,
): { sent: number; back: number; packets: number } {
  const frames = new Uint8Array(1400);
  let end = 0;
  let number = first;
  do end = write(frames, end, number++);
  while (end < room - 40);
  const sent = ends.clientSession.sendFrames(frames, 0, end, ends.nowMs);
  for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
  for (const event of ends.serverEnd.events.splice(0))
    if (event.kind === 'request') event.session.answer(event.id, 1, new Uint8Array(0), ends.nowMs);
  const answers = ends.serverEnd.sent.splice(0);
  return { sent, back: answers.reduce((sum, { bytes }) => sum + bytes.length, 0), packets: answers.length };
}

describe.each(KINDS)('packets full of $kind', ({ write }) => {
  test('draw at most three bytes for each byte, beside a first allowance', () => {
    const { ends } = connected();
    let sent = 0;
    let back = 0;
    for (let packet = 0; packet < 500; packet++) {
      ends.nowMs += 2;
      const cost = send(ends, write, 1 + packet * 200);
      sent += cost.sent;
      back += cost.back;
    }
    expect(back).toBeLessThanOrEqual(3 * sent + 4096);
  });

  test('have the server work for a while, and are refused and counted beyond that', () => {
    const { ends, drops } = connected();
    let packets = 0;
    for (let packet = 0; packet < 1500; packet++) packets += send(ends, write, 1 + packet * 200).packets;
    expect(packets).toBeLessThanOrEqual(2000);
    expect(drops.of('rate-limited')).toBeGreaterThan(1500);
    expect(ends.serverSession.isOpen).toBe(true);
    ends.nowMs += 1000;
    expect(send(ends, write, 1_500_000, 0).packets).toBe(1);
  });
});

describe('one packet', () => {
  test.each(KINDS.slice(0, 2))('with many $kind is answered once', ({ write }) => {
    const { ends, drops } = connected();
    expect(send(ends, write, 1).packets).toBe(1);
    expect(drops.of('rate-limited')).toBeGreaterThan(20);
  });
});

test('250 requests at once are all answered, as a client has at its start', () => {
  const { ends, drops } = connected();
  const ids = Array.from({ length: 250 }, () => ends.clientSession.request(99, Uint8Array.of(1), ends.nowMs));
  for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
  for (const event of ends.serverEnd.events.splice(0))
    if (event.kind === 'request') event.session.answer(event.id, 1, new Uint8Array(0), ends.nowMs);
  for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
  const answered = ends.clientEnd.events.filter(({ kind }) => kind === 'answer');
  expect([answered.length, drops.total]).toEqual([ids.length, 0]);
});

test('a new session brings no new share of work', () => {
  const { ends, drops } = connected();
  const write: Write = (bytes, at, number) => encodeRequest(bytes, at, number, 99, new Uint8Array(0));
  for (let packet = 0; packet < 100; packet++) send(ends, write, 1 + packet * 200);
  ends.client.close(ends.nowMs);
  ends.wallMs += 1000;
  ends.client.connect(ends.nowMs, ends.wallMs);
  ends.settle();
  const before = drops.total;
  expect(send(ends, write, 1_000_000, 0).packets).toBe(0);
  expect(drops.total).toBeGreaterThan(before);
});

test('a server cannot have its client do more either', () => {
  const drops = new DropCounters();
  const ends = new TwoEnds({ drops });
  ends.connect();
  ends.clientEnd.sent.length = 0;
  const frames = new Uint8Array(1300);
  let end = 0;
  while (end < 1200) end = encodePing(frames, end, new Uint8Array(8), 0, 1);
  for (let packet = 0; packet < 3000; packet++) {
    ends.serverSession.sendFrames(frames, 0, end, ends.nowMs);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
  }
  expect(ends.clientEnd.sent.length).toBeLessThanOrEqual(1000);
  expect(drops.of('rate-limited')).toBeGreaterThan(0);
});
