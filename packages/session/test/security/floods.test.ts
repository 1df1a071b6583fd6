// Firezone, Envoy#16180: one client's flood starved the others.
import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, type DropReason } from '@relay/packet';
import { ClientChannel, generateKeyPair, type ClientChannelOptions } from '../../src/index.js';
import { End, packed, SERVER_ENDPOINT, TwoEnds } from '../two-ends.js';

describe('a client with limits', () => {
  test.each([
    { limits: { packetsPerSecond: 100 }, passing: 100 },
    { limits: { bitsPerSecond: 51 * 8 * 50 }, passing: 50 },
  ])('has $passing packets of a flood taken in a second, and again in the next: $limits', ({ limits, passing }) => {
    const ends = new TwoEnds();
    ends.directory.add(ends.clientKey.publicKey, { limits });
    ends.connect();
    for (let second = 0; second < 3; second++) {
      ends.nowMs += 1000;
      const taken = flood(ends, 1000);
      expect(taken.get(0)).toBe(passing);
      expect(taken.get('rate-limited')).toBe(1000 - passing);
    }
  });

  test('cannot have its share used up by others: only authentic packets count', () => {
    const ends = new TwoEnds();
    ends.directory.add(ends.clientKey.publicKey, { limits: { packetsPerSecond: 10 } });
    ends.connect();
    ends.nowMs += 1000;
    ends.clientSession.ping(ends.nowMs);
    const [ping] = ends.clientEnd.sent.splice(0);
    const forged = Uint8Array.from(ping?.bytes ?? []);
    forged[20] = (forged[20] ?? 0) ^ 1;
    for (let count = 0; count < 1000; count++)
      expect(dropReasonOf(ends.toServer(forged))).toBe('authentication-failed');
    expect(flood(ends, 10).get(0)).toBe(10);
  });
});

describe('the limits of a client', () => {
  const limits = { packetsPerSecond: 10 };

  /** Two ends whose client has used up what it may send now. */
  function usedUp(): TwoEnds {
    const ends = new TwoEnds();
    ends.directory.add(ends.clientKey.publicKey, { limits });
    ends.connect();
    ends.nowMs += 1000;
    flood(ends, 10);
    expect(flood(ends, 1).get('rate-limited')).toBe(1);
    return ends;
  }

  /** The client begins a new session, which the server confirms as soon as it takes a packet. */
  function reconnect(ends: TwoEnds): void {
    ends.client.close(ends.nowMs);
    ends.clientEnd.sent.length = 0;
    ends.client.connect(ends.nowMs, ends.wallMs);
    ends.settle();
  }

  test('are as used up in its next session as in the one before', () => {
    const ends = usedUp();
    reconnect(ends);
    expect(flood(ends, 100).get('rate-limited')).toBe(100);
    ends.nowMs += 500;
    expect(flood(ends, 100).get(0)).toBe(5);
  });

  test('are as used up under new keys as under those before', () => {
    const ends = new TwoEnds({ rekeyAfterMs: 1000 });
    ends.directory.add(ends.clientKey.publicKey, { limits });
    ends.connect();
    ends.nowMs += 1000;
    flood(ends, 100);
    ends.client.wake(ends.nowMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    expect(ends.clientEvents()).toContain('rekeyed');
    expect(flood(ends, 100).get(0)).toBeUndefined();
  });

  test('are those that the directory gives at its newest handshake', () => {
    const ends = usedUp();
    ends.directory.add(ends.clientKey.publicKey, { limits: { packetsPerSecond: 20 } });
    ends.wallMs += 1000;
    reconnect(ends);
    ends.nowMs += 1000;
    expect(flood(ends, 100).get(0)).toBe(20);
    ends.directory.add(ends.clientKey.publicKey, { limits: {} });
    ends.wallMs += 1000;
    reconnect(ends);
    expect(flood(ends, 100).get(0)).toBe(100);
  });

  test('are forgotten with the client when it is revoked', () => {
    const ends = usedUp();
    ends.server.revoke(ends.clientKey.publicKey, ends.nowMs);
    ends.serverEnd.sent.length = 0;
    reconnect(ends);
    expect(flood(ends, 9).get(0)).toBe(9); // one confirmed the session
  });
});

describe('a server with more handshakes than it takes', () => {
  test('asks for a cookie, and who brings it gets in, with nothing kept meanwhile', () => {
    const ends = new TwoEnds();
    ends.server.setLoad('loaded', ends.nowMs);
    ends.client.connect(ends.nowMs, ends.wallMs);
    const [initiation] = ends.clientEnd.sent.splice(0);
    expect(dropReasonOf(ends.toServer(initiation?.bytes ?? new Uint8Array()))).toBe('cookie-required');
    expect(ends.server.sessionCount).toBe(0);
    ends.settle();
    expect(ends.clientEvents()).toContain('connected');
  });

  test('takes a cookie from its own address only, and for two minutes only', () => {
    const ends = new TwoEnds();
    ends.server.setLoad('loaded', ends.nowMs);
    ends.client.connect(ends.nowMs, ends.wallMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    const [second] = ends.clientEnd.sent.splice(0);
    const bytes = second?.bytes ?? new Uint8Array();
    expect(dropReasonOf(ends.toServer(bytes, packed('198.51.100.7', 40_001)))).toBe('bad-mac2');
    ends.nowMs += 120_000;
    expect(dropReasonOf(ends.toServer(bytes))).toBe('bad-mac2');
  });

  test('sends no cookie without end: a client that gets one again waits for its timer', () => {
    const ends = new TwoEnds();
    ends.server.setLoad('loaded', ends.nowMs);
    ends.client.connect(ends.nowMs, ends.wallMs);
    let sent = 0;
    for (let round = 0; round < 100; round++) {
      const packets = ends.clientEnd.sent.splice(0);
      sent += packets.length;
      // Every initiation comes from yet another address: its cookie never fits.
      for (const { bytes } of packets) ends.toServer(bytes, packed('198.51.100.7', 50_000 + round));
      for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    }
    expect(sent).toBe(2);
  });

  test('lets no new session in while it sheds, and renews those it has', () => {
    const ends = new TwoEnds();
    ends.connect();
    ends.server.setLoad('shedding', ends.nowMs);
    ends.serverEvents();
    ends.pass(125_000);
    expect(ends.serverEvents()).toContain('rekeyed');
    const other = generateKeyPair();
    ends.directory.add(other.publicKey);
    expect(knock(ends, other)).toEqual(['cookie-required', 'overloaded']);
  });

  test('has no more sessions than its limit', () => {
    const ends = new TwoEnds({}, { limits: { maxSessions: 1 } });
    ends.connect();
    const other = generateKeyPair();
    ends.directory.add(other.publicKey);
    expect(knock(ends, other)).toEqual(['session-limit']);
    expect(ends.server.sessionCount).toBe(1);
  });

  test('answers one client at most every 20 ms', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    const [first] = ends.clientEnd.sent.splice(0);
    ends.client.setServer(SERVER_ENDPOINT, ends.nowMs);
    const [second] = ends.clientEnd.sent.splice(0);
    expect(ends.toServer(first?.bytes ?? new Uint8Array())).toBe(0);
    expect(dropReasonOf(ends.toServer(second?.bytes ?? new Uint8Array()))).toBe('rate-limited');
  });
});

/** Sends so many pings at once. Returns how many had which result. */
function flood(ends: TwoEnds, count: number): Map<0 | DropReason, number> {
  const results = new Map<0 | DropReason, number>();
  for (let sent = 0; sent < count; sent++) ends.clientSession.ping(ends.nowMs);
  for (const { bytes } of ends.clientEnd.sent.splice(0)) {
    const result = ends.toServer(bytes);
    const reason = result === 0 ? 0 : dropReasonOf(result);
    results.set(reason, (results.get(reason) ?? 0) + 1);
  }
  ends.serverEnd.sent.length = 0;
  return results;
}

/** Another client's attempts to get in, until the server no longer answers: the drop reasons. */
function knock(ends: TwoEnds, staticKey: ClientChannelOptions['staticKey']): DropReason[] {
  const reasons: DropReason[] = [];
  ends.serverEnd.sent.length = 0;
  const end: End = new End(() => client);
  const client: ClientChannel = new ClientChannel({
    staticKey,
    serverPublicKey: ends.serverKey.publicKey,
    server: SERVER_ENDPOINT,
    out: end.out,
  });
  client.connect(ends.nowMs, ends.wallMs);
  while (end.sent.length > 0) {
    for (const { bytes } of end.sent.splice(0)) reasons.push(dropReasonOf(ends.toServer(bytes)));
    for (const { bytes, destination } of ends.serverEnd.sent.splice(0)) end.take(bytes, destination, ends.nowMs);
  }
  return reasons;
}
