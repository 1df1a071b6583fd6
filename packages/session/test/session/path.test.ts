import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, encodeCompactHeader, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import type { Session } from '../../src/index.js';
import { packedClient, SERVER_ENDPOINT, TwoEnds } from '../two-ends.js';

function connected(): TwoEnds {
  const ends = new TwoEnds();
  ends.connect();
  ends.clientEvents();
  ends.serverEvents();
  return ends;
}

function sendDatagram(session: Session, ends: TwoEnds): number {
  const frame = new Uint8Array(20);
  encodeCompactHeader(frame, 0, 2);
  return session.sendFrames(frame, 0, frame.length, ends.nowMs);
}

/** The end that sends in the direction of which a test speaks, and the other. */
function nearAndFar(ends: TwoEnds, side: 'client' | 'server') {
  const client = { session: ends.clientSession, sent: ends.clientEnd.sent, events: () => ends.clientEvents() };
  const server = { session: ends.serverSession, sent: ends.serverEnd.sent, events: () => ends.serverEvents() };
  return side === 'client' ? ([client, server] as const) : ([server, client] as const);
}

describe('a lost path', () => {
  test.each(['client', 'server'] as const)(
    'is known to the %s within 3 s of what got no answer, and no sooner',
    (side) => {
      const ends = connected();
      const session = side === 'client' ? ends.clientSession : ends.serverSession;
      const events = () => (side === 'client' ? ends.clientEvents() : ends.serverEvents());
      sendDatagram(session, ends);
      ends.passCut(2900);
      expect(events()).toEqual([]);
      ends.passCut(150);
      expect(events()).toEqual(['path-lost']);
      expect(session.isPathLost).toBe(true);
      expect(dropReasonOf(sendDatagram(session, ends))).toBe('unreachable');
    },
  );

  test('is known to have returned within half a second and a round trip, in the same session', () => {
    const ends = connected();
    const { clientSession } = ends;
    sendDatagram(clientSession, ends);
    ends.passCut(30_000);
    expect(ends.clientEvents()).toEqual(['path-lost']);
    ends.pass(500);
    expect(ends.clientEvents()).toContain('path-restored');
    expect(ends.clientSession).toBe(clientSession);
    expect(sendDatagram(clientSession, ends)).toBeGreaterThan(0);
  });

  test('is given up for a new session where the server has lost the session before it knew its keys', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    expect(ends.clientEvents()).toEqual(['connected']);
    ends.clientEnd.sent.length = 0;
    ends.server = ends.newServer();
    ends.pass(1000);
    expect(ends.clientEvents()).toEqual(['disconnected', 'connected', 'parameters']);
  });

  describe.each(['client', 'server'] as const)('in the direction from the %s alone', (side) => {
    test('is known within 3 s of the first datagram, however much comes from the other side', () => {
      const ends = connected();
      const [near, far] = nearAndFar(ends, side);
      near.events();
      for (let step = 0; step < 60; step++) {
        sendDatagram(near.session, ends);
        if (far.session.isPathLost) far.session.ping(ends.nowMs);
        else sendDatagram(far.session, ends);
        ends.passOneWay(50, near.sent);
        if (step < 58) expect(near.events()).not.toContain('path-lost');
      }
      ends.passOneWay(50, near.sent);
      expect(near.session.isPathLost).toBe(true);
    });

    test('is known to have returned within half a second and a round trip, after a long time too', () => {
      const ends = connected();
      const [near] = nearAndFar(ends, side);
      sendDatagram(near.session, ends);
      ends.passOneWay(30_000, near.sent);
      expect(near.session.isPathLost).toBe(true);
      ends.pass(500);
      expect(near.events()).toContain('path-restored');
    });
  });

  test('is not lost under datagrams in one direction, and is probed once a second at least', () => {
    const ends = connected();
    ends.pass(1000);
    for (let second = 0; second < 20; second++) {
      const pings = ends.serverSession.statistics.packetsOut;
      for (let step = 0; step < 20; step++) {
        sendDatagram(ends.clientSession, ends);
        ends.pass(50);
      }
      expect(ends.serverSession.statistics.packetsOut).toBeGreaterThan(pings);
    }
    expect(ends.clientEvents()).not.toContain('path-lost');
  });

  test('is not lost where every pong is lost and reports say that packets arrive', () => {
    const ends = connected();
    for (let step = 0; step < 400; step++) {
      ends.nowMs += 50;
      sendDatagram(ends.clientSession, ends);
      ends.client.wake(ends.nowMs);
      for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
      ends.serverEnd.sent.length = 0; // pongs answer at once
      ends.server.wake(ends.nowMs);
      for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    }
    expect(ends.clientEvents()).not.toContain('path-lost');
    expect(ends.clientSession.isPathLost).toBe(false);
  });

  test('is not suspected while nothing is sent', () => {
    const ends = connected();
    ends.passCut(20_000);
    expect(ends.clientEvents()).toEqual([]);
    expect(ends.serverEvents()).toEqual([]);
  });
});

describe('an idle session', () => {
  test('keeps its NAT mapping alive every 25 s, and sends nothing else', () => {
    const ends = connected();
    ends.pass(1000);
    const before = ends.clientSession.statistics.packetsOut;
    ends.pass(100_000);
    expect(ends.clientSession.statistics.packetsOut - before).toBe(4);
    expect(ends.serverSession.statistics.packetsIn).toBeLessThan(8);
  });

  test('without keepalives is silent until its keys are due', () => {
    const ends = new TwoEnds({ keepaliveMs: 0 });
    ends.connect();
    ends.pass(1000);
    const before = ends.clientSession.statistics.packetsOut;
    ends.pass(110_000);
    expect(ends.clientSession.statistics.packetsOut).toBe(before);
  });
});

describe('what a session measures', () => {
  test('of round trips and of its own address comes from pings', () => {
    const ends = connected();
    ends.clientSession.ping(ends.nowMs);
    const [ping] = ends.clientEnd.sent.splice(0);
    ends.nowMs += 40;
    ends.toServer(ping?.bytes ?? new Uint8Array());
    ends.settle();
    expect(ends.clientSession.statistics).toMatchObject({
      roundTripMs: 40,
      latestRoundTripMs: 40,
      minimumRoundTripMs: 40,
    });
    expect(ends.clientSession.observedEndpoint).toEqual(packedClient.subarray(0, PACKED_ENDPOINT_BYTES));
    expect(ends.clientEnd.events.at(-1)).toMatchObject({ kind: 'pong', roundTripMs: 40 });
  });

  test('of loss is known to both sides, in both directions', () => {
    const ends = connected();
    for (let step = 0; step < 600; step++) {
      sendDatagram(ends.clientSession, ends);
      sendDatagram(ends.serverSession, ends);
      // Every fourth packet is lost on the way there, every tenth on the way back.
      if (step % 4 === 0) ends.clientEnd.sent.pop();
      if (step % 10 === 0) ends.serverEnd.sent.pop();
      ends.settle();
      ends.pass(20);
    }
    const [atClient, atServer] = [ends.clientSession.statistics, ends.serverSession.statistics];
    for (const loss of [atServer.lossIn, atClient.lossOut]) expect(loss).toBeCloseTo(0.25, 1);
    for (const loss of [atClient.lossIn, atServer.lossOut]) expect(loss).toBeCloseTo(0.1, 1);
    expect(atServer.jitterOutMs).not.toBeNaN();
  });

  test('is nothing at first', () => {
    const { statistics } = connected().clientSession;
    expect([statistics.roundTripMs, statistics.lossIn, statistics.lossOut, statistics.jitterInMs]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
  });
});

describe('reconnection', () => {
  test('tries ten times in the first 5 s, then less often, and every 8 to 12 s in the end', () => {
    const ends = new TwoEnds();
    const times: number[] = [];
    ends.client.connect(ends.nowMs, ends.wallMs);
    for (let attempt = 0; attempt < 30; attempt++) {
      expect(ends.clientEnd.sent.splice(0)).toHaveLength(1);
      times.push(ends.nowMs);
      ends.nowMs = ends.client.nextWakeMs;
      ends.client.wake(ends.nowMs);
    }
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...waits.slice(0, 10))).toBeLessThanOrEqual(600);
    for (const wait of waits.slice(16)) expect(Math.abs(wait - 10_000)).toBeLessThanOrEqual(2000);
    expect(new Set(waits).size).toBeGreaterThan(20);
  });

  test('does not wait when the network has changed', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    ends.passCut(60_000);
    ends.client.setServer({ ...SERVER_ENDPOINT, port: 1 }, ends.nowMs);
    expect(ends.clientEnd.sent.map(({ destination }) => destination[16])).toEqual([1]);
  });
});
