// coturn's mobility tickets let others take a session over. Here only the newest authentic packet
// moves it, and little follows until the new address has answered a challenge.
import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, encodeCompactHeader } from '@relay/packet';
import { packed, TwoEnds, type Sent } from '../two-ends.js';

const ELSEWHERE = packed('203.0.113.9', 999);

function connected(): TwoEnds {
  const ends = new TwoEnds();
  ends.connect();
  ends.serverEvents();
  return ends;
}

function pingOf(ends: TwoEnds): Uint8Array {
  ends.clientSession.ping(ends.nowMs);
  const [ping] = ends.clientEnd.sent.splice(0);
  if (ping === undefined) throw new Error('no ping was sent');
  return ping.bytes;
}

const isTo = (address: Uint8Array) => (sent: Sent) => Buffer.compare(sent.destination, address) === 0;

describe('a client whose address changes', () => {
  test('is followed with its next packet, and proven by its answer to the challenge', () => {
    const ends = connected();
    ends.clientAddress = ELSEWHERE;
    ends.toServer(pingOf(ends));
    expect(ends.serverSession.packedPath).toEqual(ELSEWHERE);
    ends.settle();
    expect(ends.serverEvents().filter((kind) => kind !== 'pong')).toEqual(['roamed', 'path-validated']);
  });

  test('and back again needs no second proof', () => {
    const ends = connected();
    const home = ends.clientAddress;
    ends.toServer(pingOf(ends), ELSEWHERE);
    ends.serverEnd.sent.length = 0;
    ends.toServer(pingOf(ends), home);
    expect(ends.serverSession.packedPath).toEqual(home);
    const bytes = new Uint8Array(1400);
    expect(ends.serverSession.seal(bytes, 0, 1000, ends.nowMs)).toBeGreaterThan(0);
  });
});

describe('an address that has proven nothing', () => {
  test('is sent at most three times the bytes that came from it', () => {
    const ends = connected();
    const ping = pingOf(ends);
    ends.toServer(ping, ELSEWHERE);
    const bytes = new Uint8Array(200);
    const payload = encodeCompactHeader(bytes, 16, 3);
    let reason = '';
    for (let count = 0; count < 100 && reason === ''; count++) {
      const length = ends.serverSession.seal(bytes, 0, payload + 20 - 16, ends.nowMs);
      if (length < 0) reason = dropReasonOf(length);
      else ends.serverEnd.sent.push({ bytes: bytes.slice(0, length), destination: ELSEWHERE });
    }
    expect(reason).toBe('path-unvalidated');
    const sent = ends.serverEnd.sent.filter(isTo(ELSEWHERE)).reduce((sum, packet) => sum + packet.bytes.length, 0);
    expect(sent).toBeLessThanOrEqual(3 * ping.length);
    expect(sent).toBeGreaterThan(ping.length);
  });

  test('that never answers loses the session after 3 s to the last one that did', () => {
    const ends = connected();
    const home = ends.clientAddress;
    ends.toServer(pingOf(ends), ELSEWHERE);
    ends.passCut(4000);
    expect(ends.serverSession.packedPath).toEqual(home);
  });

  test('cannot be proven from another address', () => {
    const ends = connected();
    const home = ends.clientAddress;
    ends.toServer(pingOf(ends), ELSEWHERE);
    ends.serverEvents();
    const challenge = ends.serverEnd.sent.splice(0).filter(isTo(ELSEWHERE));
    for (const { bytes } of challenge) ends.toClient(bytes);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes, home);
    expect(ends.serverEvents().filter((kind) => kind !== 'pong')).toEqual(['roamed']);
    expect(ends.serverSession.packedPath).toEqual(home);
  });
});

describe('who copies a packet and sends it from elsewhere', () => {
  test('moves nothing if it comes second', () => {
    const ends = connected();
    const ping = pingOf(ends);
    ends.toServer(ping);
    expect(dropReasonOf(ends.toServer(ping, ELSEWHERE))).toBe('replayed');
    expect(ends.serverSession.packedPath).toEqual(ends.clientAddress);
  });

  test('moves nothing with a packet that is late: only the newest moves a session', () => {
    const ends = connected();
    const late = pingOf(ends);
    ends.toServer(pingOf(ends));
    expect(ends.toServer(late, ELSEWHERE)).toBe(0);
    expect(ends.serverSession.packedPath).toEqual(ends.clientAddress);
  });

  test('and comes first has the session for one round trip: the client answers where it was', () => {
    const ends = connected();
    const home = ends.clientAddress;
    const ping = pingOf(ends);
    ends.toServer(ping, ELSEWHERE);
    expect(ends.serverSession.packedPath).toEqual(ELSEWHERE);
    for (const { bytes } of ends.serverEnd.sent.splice(0).filter(isTo(home))) ends.toClient(bytes);
    ends.settle();
    expect(ends.serverSession.packedPath).toEqual(home);
  });

  test('gains nothing from a handshake: the session begins where the first packet under its keys comes from', () => {
    const ends = new TwoEnds();
    ends.client.connect(ends.nowMs, ends.wallMs);
    const [initiation] = ends.clientEnd.sent.splice(0);
    ends.toServer(initiation?.bytes ?? new Uint8Array(), ELSEWHERE);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    ends.settle();
    expect(ends.serverSession.packedPath).toEqual(ends.clientAddress);
    ends.pass(1000);
    expect(ends.serverEvents()).toContain('path-validated');
  });
});

// A client that alternated between two ports with each packet wrote 7,000 lines a second.
test('a session moves five times a second at most, and its packets are taken all the same', () => {
  const ends = new TwoEnds();
  ends.connect();
  ends.serverEvents();
  let taken = 0;
  for (let packet = 0; packet < 400; packet++) {
    ends.nowMs += 5;
    ends.clientSession.ping(ends.nowMs);
    const port = packed('198.51.100.7', 40_000 + (packet % 2));
    for (const { bytes } of ends.clientEnd.sent.splice(0)) if (ends.toServer(bytes, port) === 0) taken++;
    ends.serverEnd.sent.length = 0;
  }
  expect(taken).toBe(400);
  const moves = ends.serverEvents().filter((kind) => kind === 'roamed').length;
  expect(moves).toBeGreaterThan(5);
  expect(moves).toBeLessThanOrEqual(15);
});
