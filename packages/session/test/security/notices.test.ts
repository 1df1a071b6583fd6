import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, INITIATION_BYTES, NOTICE_BYTES, PACKET } from '@relay/packet';
import { timestampOf } from '../../src/handshake/timestamp.js';
import { ClientChannel, generateKeyPair, type ServerLimits } from '../../src/index.js';
import { End, packed, packedClient, SERVER_ENDPOINT, TwoEnds } from '../two-ends.js';

const STRANGER = packed('203.0.113.9', 999);
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const none = new Uint8Array();

/** What the client has sent, handed over one packet at a time; the last one is returned. */
function initiationOf(ends: TwoEnds): Uint8Array {
  return ends.clientEnd.sent.splice(0).at(-1)?.bytes ?? none;
}

/** Ends whose server knows a newer timestamp than the client has: a notice tells it so. */
function withClockSetBack(limits: Partial<ServerLimits> = {}): {
  ends: TwoEnds;
  initiation: Uint8Array;
  notice: Uint8Array;
} {
  const ends = new TwoEnds({}, { limits });
  ends.directory.add(ends.clientKey.publicKey, { newestTimestamp: timestampOf(ends.wallMs + 3_600_000) });
  ends.client.connect(ends.nowMs, ends.wallMs);
  const initiation = initiationOf(ends);
  expect(dropReasonOf(ends.toServer(initiation))).toBe('stale-timestamp');
  return { ends, initiation, notice: ends.serverEnd.sent.splice(0)[0]?.bytes ?? none };
}

/** A wake of the server to the client. */
function wakeOf(ends: TwoEnds): Uint8Array {
  expect(ends.server.wakeClient(ends.clientKey.publicKey, packedClient, ends.nowMs)).toBe(0);
  return ends.serverEnd.sent.splice(0)[0]?.bytes ?? none;
}

/** Initiations among what the client has sent, which is taken away. */
const initiations = (ends: TwoEnds): number =>
  ends.clientEnd.sent.splice(0).filter(({ bytes }) => bytes[0] === PACKET.initiation).length;

/** The client is told one bit, byte or length less or more than what the server sent. */
function expectNothingForged(ends: TwoEnds, notice: Uint8Array): void {
  expect(notice).toHaveLength(NOTICE_BYTES);
  for (let bit = 0; bit < notice.length * 8; bit++) {
    const changed = notice.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(ends.toClient(changed)).toBeLessThan(0);
  }
  for (let length = 0; length < notice.length; length++)
    expect(dropReasonOf(ends.toClient(notice.subarray(0, length)))).toBe('truncated');
  expect(dropReasonOf(ends.toClient(Uint8Array.of(...notice, 0)))).toBe('trailing-bytes');
  expect(ends.clientEnd.sent).toEqual([]);
}

describe('a notice', () => {
  test('is smaller than the initiation that it answers', () => {
    const { notice, initiation } = withClockSetBack();
    expect(notice.length).toBeLessThan(initiation.length);
  });

  test('is refused with any bit flipped and with any other length, and the true one is believed then', () => {
    const { ends, notice } = withClockSetBack();
    expectNothingForged(ends, notice);
    expect(ends.toClient(notice)).toBe(0);
    ends.settle();
    expect(ends.client.state).toBe('connected');
  });

  test('counts for the initiation that it answers, also if another went out before it came', () => {
    const { ends, notice } = withClockSetBack();
    ends.nowMs = ends.client.nextWakeMs;
    ends.client.wake(ends.nowMs); // the next attempt
    ends.clientEnd.sent.length = 0;
    expect(ends.toClient(notice)).toBe(0);
    expect(initiations(ends)).toBe(1);
  });

  test('counts once: repeated, it draws nothing', () => {
    const { ends, notice } = withClockSetBack();
    expect(ends.toClient(notice)).toBe(0);
    expect(initiations(ends)).toBe(1);
    expect(dropReasonOf(ends.toClient(notice))).toBe('unknown-index');
    expect(ends.clientEnd.sent).toEqual([]);
  });

  test('for another client, or of another server, does not open', () => {
    const { ends, notice } = withClockSetBack();
    for (const ours of [{ serverKey: ends.serverKey }, { clientKey: ends.clientKey }]) {
      const { serverKey = generateKeyPair(), clientKey = generateKeyPair() } = ours as Partial<TwoEnds>;
      const end: End = new End(() => other);
      const other: ClientChannel = new ClientChannel({
        staticKey: clientKey,
        serverPublicKey: serverKey.publicKey,
        server: SERVER_ENDPOINT,
        out: end.out,
      });
      other.connect(ends.nowMs, ends.wallMs);
      const asked = end.sent.splice(0)[0]?.bytes ?? none;
      const forged = notice.slice();
      forged.set(asked.subarray(4, 8), 4); // the index of its own initiation
      expect(dropReasonOf(end.take(forged, packed('192.0.2.1', 7878), ends.nowMs))).toBe('authentication-failed');
      expect(end.sent).toEqual([]);
    }
  });

  test('is answered by nobody: servers and clients that face each other fall silent', () => {
    const { ends, notice } = withClockSetBack();
    expect(dropReasonOf(ends.toServer(notice))).toBe('unknown-type');
    ends.client.close(ends.nowMs);
    expect(dropReasonOf(ends.toClient(notice))).toBe('no-session');
    expect([...ends.serverEnd.sent, ...ends.clientEnd.sent]).toEqual([]);
  });
});

describe('who may draw notices', () => {
  test('are clients that the server knows, ten times a second each, from wherever', () => {
    const { ends, initiation } = withClockSetBack({ handshakesPerSecond: 1e9 });
    for (let count = 0; count < 1000; count++) ends.toServer(initiation, STRANGER);
    expect(ends.serverEnd.sent.splice(0)).toHaveLength(9); // and the one before
    ends.nowMs += 500;
    for (let count = 0; count < 1000; count++) ends.toServer(initiation, STRANGER);
    const bytesOut = ends.serverEnd.sent.splice(0).reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(bytesOut).toBe(5 * NOTICE_BYTES);
    expect(bytesOut).toBeLessThan(1000 * INITIATION_BYTES);
  });

  test('are no strangers: a transport packet of unknown index gets silence, whoever sends it', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.clientSession.ping(ends.nowMs);
    const [ping = none] = ends.clientEnd.sent.splice(0).map(({ bytes }) => bytes);
    ends.server = ends.newServer();
    expect(dropReasonOf(ends.toServer(ping))).toBe('unknown-index');
    expect(ends.serverEnd.sent).toEqual([]);
  });

  test('are no clients that were revoked', () => {
    const { ends, initiation } = withClockSetBack();
    ends.directory.remove(ends.clientKey.publicKey);
    ends.server.revoke(ends.clientKey.publicKey, ends.nowMs);
    expect(dropReasonOf(ends.toServer(initiation))).toBe('unknown-client');
    expect(dropReasonOf(ends.server.wakeClient(ends.clientKey.publicKey, packedClient, ends.nowMs))).toBe(
      'unknown-client',
    );
    expect(ends.serverEnd.sent).toEqual([]);
  });

  test('is not who repeats the newest initiation: its client has an answer already', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    const initiation = initiationOf(ends);
    ends.toServer(initiation);
    ends.serverEnd.sent.length = 0;
    expect(dropReasonOf(ends.toServer(initiation, STRANGER))).toBe('stale-timestamp');
    expect(ends.serverEnd.sent).toEqual([]);
  });
});

describe('a clock that is wrong', () => {
  /** Round trips until the client is connected. */
  function roundTrips(ends: TwoEnds, wallMs: number): number {
    ends.client = newClient(ends);
    ends.client.connect(ends.nowMs, wallMs);
    for (let count = 1; count < 20; count++) {
      for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
      for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
      if (ends.client.state === 'connected') {
        ends.settle();
        ends.nowMs += 30_000;
        return count;
      }
    }
    return Infinity;
  }

  const newClient = (ends: TwoEnds): ClientChannel =>
    new ClientChannel({
      staticKey: ends.clientKey,
      serverPublicKey: ends.serverKey.publicKey,
      server: SERVER_ENDPOINT,
      out: ends.clientEnd.out,
    });

  test('costs a client that was here before one round trip more: before 1970, and set back', () => {
    const ends = new TwoEnds();
    expect(roundTrips(ends, ends.wallMs)).toBe(1);
    expect(roundTrips(ends, -10 * YEAR_MS)).toBe(2);
    expect(roundTrips(ends, ends.wallMs - DAY_MS)).toBe(2);
    expect(roundTrips(ends, ends.wallMs + 3_600_000)).toBe(1);
  });

  test('costs one round trip in the year 2099, and a right clock later none', () => {
    const ends = new TwoEnds();
    expect(roundTrips(ends, Date.UTC(2099, 1))).toBe(2);
    expect(roundTrips(ends, ends.wallMs + 60_000)).toBe(1);
  });

  test('in the year 2099 is never recorded', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, Date.UTC(2099, 1));
    expect(dropReasonOf(ends.toServer(initiationOf(ends)))).toBe('stale-timestamp');
    expect(ends.server.sessionCount).toBe(0);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    ends.settle();
    const newest = ends.directory.lookup(ends.clientKey.publicKey)?.newestTimestamp ?? 0n;
    expect(newest).toBeGreaterThan(0n);
    expect(newest).toBeLessThan(timestampOf(ends.wallMs + DAY_MS));
  });

  test('that a former server recorded in the year 2099 shuts its client out no more, with any clock', () => {
    const ends = new TwoEnds();
    ends.directory.add(ends.clientKey.publicKey, { newestTimestamp: timestampOf(Date.UTC(2099, 1)) });
    expect(roundTrips(ends, ends.wallMs)).toBe(2);
    expect(roundTrips(ends, Date.UTC(2099, 6))).toBeLessThanOrEqual(3);
    expect(roundTrips(ends, ends.wallMs)).toBe(2);
  });

  test('of the server, set back by ten years, costs clients that were here before nothing', () => {
    const ends = new TwoEnds();
    expect(roundTrips(ends, ends.wallMs)).toBe(1);
    const clientWallMs = ends.wallMs + 3_600_000;
    ends.wallMs -= 10 * YEAR_MS;
    ends.server = ends.newServer();
    expect(roundTrips(ends, clientWallMs)).toBe(1);
  });

  test('of a server that is behind the newest timestamp and of a client that is far ahead of both still agree', () => {
    const ends = new TwoEnds();
    ends.directory.add(ends.clientKey.publicKey, { newestTimestamp: timestampOf(ends.wallMs + YEAR_MS) });
    expect(roundTrips(ends, Date.UTC(2099, 1))).toBe(3);
  });
});

describe('a session that the server has lost', () => {
  test('is found within 1 s of the first datagram, after two probes without an answer', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.pass(2000);
    ends.server = ends.newServer();
    ends.clientEvents();
    ends.clientSession.ping(ends.nowMs);
    ends.pass(740);
    expect(ends.clientEvents()).toEqual([]);
    ends.pass(20);
    expect(ends.clientEvents()).toEqual(['disconnected', 'connected', 'parameters']);
    expect([...ends.server.sessions()]).toHaveLength(1);
  });

  test('is not lost: two probes without an answer renew its keys, once in 5 s', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.pass(2000);
    const { clientSession } = ends;
    ends.clientEvents();
    for (let silence = 0; silence < 3; silence++) {
      clientSession.ping(ends.nowMs);
      ends.passCut(700);
      ends.pass(800);
    }
    expect(ends.clientEvents().filter((kind) => kind === 'rekeyed')).toHaveLength(1);
    expect(ends.clientSession).toBe(clientSession);
  });

  test('is not suspected where round trips take 600 ms', () => {
    const ends = new TwoEnds();
    ends.connect();
    const { clientSession } = ends;
    let there: [number, Uint8Array][] = [];
    let back = there;
    for (let step = 0; step < 400; step++) {
      ends.nowMs += 50;
      if (step % 10 === 0) clientSession.ping(ends.nowMs);
      ends.client.wake(ends.nowMs);
      ends.server.wake(ends.nowMs);
      for (const [, bytes] of there.filter(([atMs]) => atMs <= ends.nowMs)) ends.toServer(bytes);
      for (const [, bytes] of back.filter(([atMs]) => atMs <= ends.nowMs)) ends.toClient(bytes);
      const later = ({ bytes }: { bytes: Uint8Array }): [number, Uint8Array] => [ends.nowMs + 300, bytes];
      there = [...there.filter(([atMs]) => atMs > ends.nowMs), ...ends.clientEnd.sent.splice(0).map(later)];
      back = [...back.filter(([atMs]) => atMs > ends.nowMs), ...ends.serverEnd.sent.splice(0).map(later)];
    }
    expect(ends.clientEvents().filter((kind) => kind === 'rekeyed').length).toBeLessThanOrEqual(1);
  });

  test('is replaced, and not before the new one stands', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.server = ends.newServer();
    ends.clientSession.ping(ends.nowMs);
    ends.passCut(800);
    expect(ends.clientSession.isOpen).toBe(true);
  });
});

describe('a wake', () => {
  test('is refused with any bit flipped and with any other length, and the true one is believed then', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.server = ends.newServer();
    ends.nowMs += 1000;
    const wake = wakeOf(ends);
    expectNothingForged(ends, wake);
    ends.clientEvents();
    expect(ends.toClient(wake)).toBe(0);
    ends.settle();
    expect(ends.clientEvents()).toEqual(['disconnected', 'connected', 'parameters']);
  });

  test('brings an idle client back in one round trip', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.pass(10_000);
    ends.server = ends.newServer();
    expect(ends.toClient(wakeOf(ends))).toBe(0);
    ends.settle();
    expect([...ends.server.sessions()]).toHaveLength(1);
  });

  test('ends the wait of a client that was told to leave the server alone', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.server.closeSession(ends.serverSession, 'kicked', ends.nowMs);
    ends.settle();
    ends.nowMs += 1000;
    expect(ends.client.state).toBe('connecting');
    expect(ends.toClient(wakeOf(ends))).toBe(0);
    ends.settle();
    expect(ends.client.state).toBe('connected');
  });

  test('in a loop draws one handshake in 5 s, newer ones too', () => {
    const ends = new TwoEnds();
    ends.connect();
    const wake = wakeOf(ends);
    let handshakes = 0;
    for (let step = 0; step < 1000; step++) {
      ends.toClient(wake);
      ends.toClient(wakeOf(ends));
      handshakes += initiations(ends);
      // The handshake ends well, so that none of them is a retry.
      ends.nowMs += 100;
      ends.client.wake(ends.nowMs);
      ends.settle();
    }
    expect(handshakes).toBeLessThanOrEqual(21);
  });

  test('that is not newer than one before draws nothing', () => {
    const ends = new TwoEnds();
    ends.connect();
    const [first, second] = [wakeOf(ends), wakeOf(ends)];
    expect(ends.toClient(second)).toBe(0);
    ends.settle();
    ends.nowMs += 10_000;
    expect([first, second].map((wake) => dropReasonOf(ends.toClient(wake)))).toEqual([
      'stale-timestamp',
      'stale-timestamp',
    ]);
  });

  test('draws nothing from a client that is closed or has not begun', () => {
    const ends = new TwoEnds();
    expect(dropReasonOf(ends.toClient(wakeOf(ends)))).toBe('no-session');
    ends.connect();
    ends.client.close(ends.nowMs);
    ends.settle();
    expect(dropReasonOf(ends.toClient(wakeOf(ends)))).toBe('no-session');
    expect(ends.clientEnd.sent).toEqual([]);
  });

  test('makes the handshake that follows, and two repetitions, need no cookie, and be taken under shed load', () => {
    const ends = new TwoEnds({}, { limits: { handshakesPerSecond: 1 } });
    ends.server.setLoad('shedding', ends.nowMs);
    ends.client.connect(ends.nowMs, ends.wallMs);
    expect(dropReasonOf(ends.toServer(initiationOf(ends)))).toBe('cookie-required');
    ends.serverEnd.sent.length = 0;
    const wake = wakeOf(ends);
    ends.nowMs += 600;
    ends.toClient(wake);
    ends.serverEnd.sent.length = 0;
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(ends.toServer(initiationOf(ends))).toBe(0);
      ends.nowMs += 700;
      ends.client.wake(ends.nowMs);
    }
    expect(dropReasonOf(ends.toServer(initiationOf(ends)))).toBe('cookie-required');
  });

  test('goes on the packed path that it was given, and has its own time though the wall clock stands', () => {
    const ends = new TwoEnds();
    const path = packed('198.51.100.99', 1);
    for (let count = 0; count < 2; count++) ends.server.wakeClient(ends.clientKey.publicKey, path, ends.nowMs);
    expect(ends.serverEnd.sent.map(({ destination }) => destination)).toEqual([path, path]);
  });
});
