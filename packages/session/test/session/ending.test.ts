import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, encodeSizedFrameHeader, FRAME, STATUS } from '@relay/packet';
import { ClientChannel, type DisconnectReason, type SessionEvent } from '../../src/index.js';
import { End, packed, SERVER_ENDPOINT, TwoEnds } from '../two-ends.js';

function connected(): TwoEnds {
  const ends = new TwoEnds();
  ends.connect();
  ends.clientEvents();
  ends.serverEvents();
  return ends;
}

function reasons(events: SessionEvent[]): DisconnectReason[] {
  return events.splice(0).flatMap((event) => (event.kind === 'disconnected' ? [event.reason] : []));
}

describe('a session ends', () => {
  test('when the client closes it, and the server hears why; the client does not come back', () => {
    const ends = connected();
    ends.client.close(ends.nowMs);
    ends.pass(300_000);
    expect(reasons(ends.clientEnd.events)).toEqual(['closed']);
    expect(reasons(ends.serverEnd.events)).toEqual(['closed-by-peer']);
    expect([ends.client.state, ends.server.sessionCount]).toEqual(['closed', 0]);
    expect([ends.client.nextWakeMs, ends.server.nextWakeMs]).toEqual([Infinity, Infinity]);
  });

  test.each(['revoked', 'kicked', 'idle', 'limit', 'shutdown', 'expired'] as const)(
    'when the server closes it because it is %s, and the client hears that',
    (reason) => {
      const ends = connected();
      ends.server.closeSession(ends.serverSession, reason, ends.nowMs);
      ends.settle();
      expect(reasons(ends.serverEnd.events)).toEqual([reason]);
      expect(reasons(ends.clientEnd.events)).toEqual([reason]);
      expect(ends.client.state).toBe('connecting');
    },
  );

  test('at once when the client is revoked, which then knocks in vain at most every 12 s', () => {
    const ends = connected();
    ends.directory.remove(ends.clientKey.publicKey);
    ends.server.revoke(ends.clientKey.publicKey, ends.nowMs);
    expect(ends.server.sessionCount).toBe(0);
    ends.settle();
    expect(reasons(ends.clientEnd.events)).toEqual(['revoked']);
    ends.pass(100_000);
    expect(ends.server.sessionCount).toBe(0);
    ends.directory.add(ends.clientKey.publicKey);
    ends.pass(12_000);
    expect(ends.clientEvents()).toContain('connected');
  });

  test('on both sides 180 s after the last keys, if no new ones come', () => {
    const ends = connected();
    for (let second = 0; second <= 180; second++) {
      ends.nowMs += 1000;
      ends.client.wake(ends.nowMs);
      ends.server.wake(ends.nowMs);
      ends.clientEnd.sent.length = ends.serverEnd.sent.length = 0;
    }
    expect(reasons(ends.clientEnd.events)).toEqual(['keys-expired']);
    expect(reasons(ends.serverEnd.events)).toEqual(['keys-expired']);
    ends.pass(15_000);
    expect(ends.clientEvents()).toContain('connected');
  });

  test('when the same client begins a new one elsewhere: the former is told, and waits before it comes back', () => {
    const ends = connected();
    const elsewhere = packed('192.0.2.99', 5);
    const end: End = new End(() => other);
    const other: ClientChannel = new ClientChannel({
      staticKey: ends.clientKey,
      serverPublicKey: ends.serverKey.publicKey,
      server: SERVER_ENDPOINT,
      out: end.out,
    });
    ends.nowMs += 1000;
    other.connect(ends.nowMs, ends.wallMs + 1000);
    for (const { bytes } of end.sent.splice(0)) ends.toServer(bytes, elsewhere);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) end.take(bytes, elsewhere, ends.nowMs);
    for (const { bytes } of end.sent.splice(0)) ends.toServer(bytes, elsewhere);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    expect(end.events.map(({ kind }) => kind)).toContain('connected');
    expect(reasons(ends.serverEnd.events)).toEqual(['replaced']);
    expect(reasons(ends.clientEnd.events)).toEqual(['replaced']);
    expect(ends.client.nextWakeMs - ends.nowMs).toBeGreaterThanOrEqual(8000);
  });

  test('when the server shuts down: its clients come back within a second of its return', () => {
    const ends = connected();
    ends.server.close(ends.nowMs);
    ends.settle();
    expect(reasons(ends.clientEnd.events)).toEqual(['shutdown']);
    ends.server = ends.newServer();
    ends.pass(1000);
    expect(ends.clientEvents()).toContain('connected');
  });

  test.each([
    ['a frame of unknown type', Uint8Array.of(0x40)],
    ['an extended datagram, whose feature nobody stated', Uint8Array.of(FRAME.extended, 2, 0, 0, 0, 0)],
    ['settings of a flow, whose feature nobody stated', Uint8Array.of(FRAME.flowSettings, 2, 0, 0, 0)],
    ['a frame that is cut', Uint8Array.of(FRAME.ping | 0x80, 16, 0, 1)],
    ['a ping of the wrong length', Uint8Array.of(FRAME.ping, 1)],
  ])('when the peer sends %s, since only a faulty peer does', (_what, frames) => {
    const ends = connected();
    ends.clientSession.sendFrames(frames, 0, frames.length, ends.nowMs);
    ends.settle();
    expect(reasons(ends.serverEnd.events)).toEqual(['protocol-error']);
    expect(reasons(ends.clientEnd.events)).toEqual(['protocol-error']);
  });

  test('when the peer speaks another version of the frame layer', () => {
    const ends = connected();
    const frames = new Uint8Array(8);
    const body = encodeSizedFrameHeader(frames, 0, FRAME.parameters, 1);
    frames[body] = 2;
    ends.clientSession.sendFrames(frames, 0, body + 1, ends.nowMs);
    ends.settle();
    expect(reasons(ends.serverEnd.events)).toEqual(['version']);
    expect(reasons(ends.clientEnd.events)).toEqual(['version']);
  });

  test('and is dead then: nothing seals, requests have failed, and the program may close it again', () => {
    const ends = connected();
    const { clientSession } = ends;
    clientSession.request(1, new Uint8Array(), ends.nowMs);
    ends.client.close(ends.nowMs);
    expect(ends.clientEvents()).toEqual(['request-failed', 'disconnected']);
    expect(dropReasonOf(clientSession.seal(new Uint8Array(64), 0, 8, ends.nowMs))).toBe('no-session');
    expect(clientSession.isOpen).toBe(false);
    clientSession.answer(1, STATUS.done, new Uint8Array(), ends.nowMs);
    ends.client.close(ends.nowMs);
    expect(ends.clientEvents()).toEqual([]);
  });

  test('but not by frames that later versions may add: they are skipped', () => {
    const ends = connected();
    ends.clientSession.sendFrames(Uint8Array.of(0x7f | 0x80, 1, 0, 9, FRAME.padding), 0, 5, ends.nowMs);
    ends.settle();
    expect(ends.serverEvents()).toEqual([]);
    expect(ends.serverSession.isOpen).toBe(true);
  });
});

describe('a server that drains', () => {
  test('tells its clients how long they have, and lets no new ones in', () => {
    const ends = connected();
    ends.server.setLoad('draining', ends.nowMs, 60_000);
    ends.settle();
    expect(ends.clientEnd.events.splice(0)).toMatchObject([{ kind: 'go-away', graceMs: 60_000 }]);
    expect(ends.serverEnd.events.splice(0)).toMatchObject([{ kind: 'answer', status: STATUS.done }]);
    ends.client.close(ends.nowMs);
    ends.settle();
    ends.clientEvents();
    ends.client.connect(ends.nowMs, ends.wallMs + 1000);
    ends.pass(20_000);
    expect(ends.clientEvents()).toEqual([]);
  });
});
