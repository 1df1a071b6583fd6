import { describe, expect, test } from '@jest/globals';
import { encodeCompactHeader } from '@relay/packet';
import { ClientChannel } from '../../src/index.js';
import { SERVER_ENDPOINT, TwoEnds } from '../two-ends.js';

describe('a session', () => {
  test('stands after one round trip, and each side knows what the other told of itself', () => {
    const ends = new TwoEnds({ parameters: { maxFlows: 7 } }, { parameters: { maxFlows: 9 } });
    ends.connect();
    expect(ends.clientEvents()).toEqual(['connected', 'parameters']);
    expect(ends.serverEvents()).toEqual(['connected', 'parameters']);
    expect(ends.clientSession.peerParameters?.maxFlows).toBe(9);
    expect(ends.serverSession.peerParameters?.maxFlows).toBe(7);
  });

  test('begins once it is known where the server is', () => {
    const ends = new TwoEnds();
    const { nowMs, wallMs } = ends;
    ends.client = new ClientChannel({
      ...{ staticKey: ends.clientKey, serverPublicKey: ends.serverKey.publicKey },
      out: ends.clientEnd.out,
    });
    expect(() => ends.client.connect(nowMs, wallMs)).toThrow('no server to connect to');
    expect([ends.client.state, ends.client.nextWakeMs]).toEqual(['idle', Infinity]);
    ends.client.setServer(SERVER_ENDPOINT, nowMs);
    expect([ends.client.state, ends.clientEnd.sent.length]).toEqual(['idle', 0]);
    ends.connect();
    expect(ends.clientEvents()).toEqual(['connected', 'parameters']);
  });

  test('carries frames both ways', () => {
    const ends = new TwoEnds();
    ends.connect();
    for (const [session, sent, arrived] of [
      [ends.clientSession, ends.clientEnd.sent, ends.serverEnd.frames],
      [ends.serverSession, ends.serverEnd.sent, ends.clientEnd.frames],
    ] as const) {
      const bytes = new Uint8Array(64);
      const payload = encodeCompactHeader(bytes, 16, 2);
      bytes.set([1, 2, 3], payload);
      const length = session.seal(bytes, 0, payload + 3 - 16, ends.nowMs);
      sent.push({ bytes: bytes.slice(0, length), destination: session.endpoint });
      ends.settle();
      expect(arrived).toEqual([expect.objectContaining({ bytes: Uint8Array.of(1, 2, 0, 0, 0, 1, 2, 3) })]);
    }
  });

  test('renews its keys and goes on', () => {
    const ends = new TwoEnds();
    ends.connect();
    const { serverSession } = ends;
    ends.pass(1000_000);
    expect(ends.serverSession).toBe(serverSession);
    expect(ends.serverEvents().filter((kind) => kind === 'rekeyed')).toHaveLength(8);
  });
});
