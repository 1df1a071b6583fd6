// Clients that could not get in knocked 2.2 times a second for ever; two programs with one
// invitation took it from each other every 3 s.
import { describe, expect, test } from '@jest/globals';
import { PACKET, packetType } from '@relay/packet';
import { ClientChannel } from '../../src/index.js';
import { End, SERVER_ENDPOINT, TwoEnds } from '../two-ends.js';

const OTHER_ENDPOINT = { ...SERVER_ENDPOINT, port: 7879 };

/** The times, in ms from now, of the initiations that nobody answers. */
function knocks(ends: TwoEnds, ms: number, meanwhile = (_elapsedMs: number): void => undefined): number[] {
  const beginMs = ends.nowMs;
  const times: number[] = [];
  while (ends.nowMs < beginMs + ms) {
    ends.nowMs += 50;
    ends.client.wake(ends.nowMs);
    meanwhile(ends.nowMs - beginMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0))
      if (packetType(bytes, 0, bytes.length) === PACKET.initiation) times.push(ends.nowMs - beginMs);
  }
  return times;
}

describe('a client whose server does not answer', () => {
  test('knocks ten times soon, and then ever less often, down to every 10 s', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    const times = knocks(ends, 120_000);
    expect(times.length).toBeLessThan(30);
    expect(times.filter((ms) => ms > 60_000).length).toBeLessThanOrEqual(8);
  });

  test('does so too if the name of the server leads to several addresses, which have their turns', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    const times = knocks(ends, 120_000, (ms) => {
      if (ms % 3000 === 0) ends.client.tryServer(ms % 6000 === 0 ? SERVER_ENDPOINT : OTHER_ENDPOINT, ends.nowMs);
    });
    expect(times.length).toBeLessThan(30);
  });

  test.each([
    ['the network has changed', (ends: TwoEnds) => ends.client.networkChanged(ends.nowMs)],
    ['the server is elsewhere', (ends: TwoEnds) => ends.client.setServer(OTHER_ENDPOINT, ends.nowMs)],
  ])('knocks at once, and soon again, if %s', (_, happen) => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    knocks(ends, 60_000);
    happen(ends);
    const [first = Infinity, second = Infinity] = knocks(ends, 2000);
    expect(first).toBeLessThanOrEqual(50);
    expect(second).toBeLessThanOrEqual(700);
  });

  test('tells how many knocks had no answer', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    const { length } = knocks(ends, 3000);
    expect(ends.client.failedAttempts).toBe(length);
  });
});

test.each(['revoked', 'expired'] as const)('a client that was told %s knocks every 10 s', (reason) => {
  const ends = new TwoEnds();
  ends.connect();
  ends.directory.remove(ends.clientKey.publicKey);
  ends.server.revoke(ends.clientKey.publicKey, ends.nowMs, reason);
  ends.settle();
  const times = knocks(ends, 60_000, () => ends.client.setServer(SERVER_ENDPOINT, ends.nowMs));
  expect(times.length).toBeLessThanOrEqual(7);
  expect(times[0]).toBeGreaterThanOrEqual(8000);
});

describe('two programs with one invitation', () => {
  /** Lets both compete for so long. Returns how often each connected in each tenth of that time. */
  function compete(ms: number): number[] {
    const ends = new TwoEnds();
    const end: End = new End(() => second);
    const second = new ClientChannel({
      staticKey: ends.clientKey,
      serverPublicKey: ends.serverKey.publicKey,
      server: SERVER_ENDPOINT,
      out: end.out,
    });
    const clients = [
      { channel: ends.client, end: ends.clientEnd, address: ends.clientAddress },
      { channel: second, end, address: ends.clientAddress.slice().fill(9, 15, 16) },
    ];
    const beginMs = ends.nowMs;
    for (const { channel } of clients) channel.connect(ends.nowMs, ends.wallMs + ends.nowMs - beginMs);
    const connected = new Array<number>(10).fill(0);
    while (ends.nowMs < beginMs + ms) {
      ends.nowMs += 50;
      ends.server.wake(ends.nowMs);
      for (const { channel, end: one, address } of clients) {
        channel.wake(ends.nowMs);
        for (const { bytes } of one.sent.splice(0)) ends.serverEnd.take(bytes, address, ends.nowMs);
      }
      for (const { bytes, destination } of ends.serverEnd.sent.splice(0)) {
        const to = clients.find(({ address }) => Buffer.compare(address, destination) === 0);
        to?.end.take(bytes, destination, ends.nowMs);
      }
      for (const { kind } of ends.serverEnd.events.splice(0))
        if (kind === 'connected') {
          const tenth = Math.min(9, Math.floor(((ends.nowMs - beginMs) / ms) * 10));
          connected[tenth] = (connected[tenth] ?? 0) + 1;
        }
    }
    return connected;
  }

  test('leave it to each other for ever longer', () => {
    const [first = 0, ...later] = compete(3_600_000);
    expect(first).toBeLessThanOrEqual(10);
    for (const times of later) expect(times).toBeLessThanOrEqual(4);
  });
});

test('a client that was replaced comes back in 10 s, and 10 s again if its session lasted', () => {
  const ends = new TwoEnds();
  for (let round = 0; round < 3; round++) {
    if (round === 0) ends.connect();
    ends.server.closeSession(ends.serverSession, 'replaced', ends.nowMs);
    ends.settle();
    const beginMs = ends.nowMs;
    ends.pass(13_000);
    expect(ends.client.state).toBe('connected');
    expect(ends.clientSession.connectedMs - beginMs).toBeGreaterThanOrEqual(8000);
    ends.pass(1_900_000);
  }
});
