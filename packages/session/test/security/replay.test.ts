// Old Shadowsocks accepted a recorded session again after a restart.
import { describe, expect, test } from '@jest/globals';
import { dropReasonOf } from '@relay/packet';
import { packed, TwoEnds } from '../two-ends.js';

/** Lets a session live through a rekey, and records what the client sent. */
function recordSession(ends: TwoEnds): Uint8Array[] {
  const recorded: Uint8Array[] = [];
  const { sent } = ends.clientEnd;
  const push = sent.push.bind(sent);
  sent.push = (...packets) => {
    recorded.push(...packets.map(({ bytes }) => bytes));
    return push(...packets);
  };
  ends.connect();
  ends.pass(150_000);
  sent.push = push;
  return recorded;
}

describe('a recorded session', () => {
  test('played back while the session lives is refused packet by packet, from any address, and moves nothing', () => {
    const ends = new TwoEnds();
    const recorded = recordSession(ends);
    ends.serverEvents();
    for (const packet of recorded) {
      const reason = dropReasonOf(ends.toServer(packet, packed('203.0.113.9', 999)));
      expect(['replayed', 'stale-timestamp', 'unknown-index']).toContain(reason);
    }
    expect(ends.serverEvents()).toEqual([]);
    expect(ends.serverSession.packedPath).toEqual(ends.clientAddress);
  });

  test('played back after the server was restarted is refused packet by packet, with the reason', () => {
    const ends = new TwoEnds();
    const recorded = recordSession(ends);
    ends.server = ends.newServer();
    const reasons = recorded.map((packet) => dropReasonOf(ends.toServer(packet)));
    expect(new Set(reasons)).toEqual(new Set(['stale-timestamp', 'unknown-index']));
    expect(ends.server.sessionCount).toBe(0);
  });

  test('played back to a server that had not written the newest timestamp yet makes no session, and disturbs none', () => {
    const ends = new TwoEnds();
    const recorded = recordSession(ends);
    ends.directory.add(ends.clientKey.publicKey);
    ends.server = ends.newServer();
    for (const packet of recorded) {
      ends.toServer(packet);
      ends.nowMs += 50;
    }
    expect([...ends.server.sessions()]).toEqual([]);
    expect(ends.server.sessionCount).toBe(1);
    ends.serverEnd.sent.length = 0;

    // The client itself comes back, in the midst of it.
    ends.client.close(ends.nowMs);
    ends.clientEnd.sent.length = 0;
    ends.client.connect(ends.nowMs, ends.wallMs + 200_000);
    const [initiation] = ends.clientEnd.sent.splice(0);
    ends.toServer(initiation?.bytes ?? new Uint8Array());
    for (const packet of recorded) ends.toServer(packet, packed('203.0.113.9', 999));
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    ends.settle();
    expect([...ends.server.sessions()]).toHaveLength(1);
    ends.pass(10_000);
    expect(ends.server.sessionCount).toBe(1);
  });
});
