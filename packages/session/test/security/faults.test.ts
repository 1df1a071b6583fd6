import { describe, expect, test } from '@jest/globals';
import { DROP, dropReasonOf, encodeCompactHeader } from '@relay/packet';
import type { ClientChannel, ServerChannel, Session } from '../../src/index.js';
import { batchOf, MemoryDirectory, Outbox, packedClient, packedServer, TwoEnds, type End } from '../two-ends.js';

const FAULT = new Error('a bug');

/** Sends a packet with this many datagrams of 20 bytes. */
function datagrams(session: Session, ends: TwoEnds, count = 1): void {
  const frame = new Uint8Array(20);
  encodeCompactHeader(frame, 0, 2);
  session.sendFrames(frame, 0, frame.length, ends.nowMs);
  for (let more = 1; more < count; more++) session.sendFrames(frame, 0, frame.length, ends.nowMs);
}

/** Two ends with a session, looked at from one side, to which the other has sent a datagram. */
function looked(side: 'client' | 'server') {
  const ends = new TwoEnds();
  ends.connect();
  const [end, channel, from, other, path]: [End, ClientChannel | ServerChannel, Session, End, Uint8Array] =
    side === 'client'
      ? [ends.clientEnd, ends.client, ends.serverSession, ends.serverEnd, packedServer]
      : [ends.serverEnd, ends.server, ends.clientSession, ends.clientEnd, packedClient];
  end.events.length = 0;
  datagrams(from, ends);
  const [packet] = other.sent.splice(0);
  expect(channel.receive(batchOf(packet?.bytes ?? new Uint8Array(), path), 0, ends.nowMs)).toBe(0);
  expect(channel.nextFrame(ends.nowMs)).toBe(true);
  return { ends, end, channel };
}

describe.each(['client', 'server'] as const)('what the program at the %s throws while it works on a frame', (side) => {
  test('ends the session of the frame, is told as a fault, and is counted as internal-error', () => {
    const { ends, end, channel } = looked(side);
    const { session } = channel.frame;
    expect(dropReasonOf(channel.fault(session, FAULT, ends.nowMs))).toBe('internal-error');
    expect(end.events.splice(0)).toEqual([
      { kind: 'disconnected', session, reason: 'internal-error' },
      { kind: 'fault', session, error: FAULT },
    ]);
    expect(session.isOpen).toBe(false);
    expect(channel.nextFrame(ends.nowMs)).toBe(false);
  });

  test('tells the peer, whose session ends as well; a client waits before it comes again', () => {
    const { ends, channel } = looked(side);
    const [client, server] = [ends.clientSession, ends.serverSession];
    channel.fault(channel.frame.session, FAULT, ends.nowMs);
    ends.settle();
    expect([client.isOpen, server.isOpen]).toEqual([false, false]);
    ends.pass(7000);
    expect(ends.client.state).toBe('connecting');
    ends.pass(6000);
    expect(ends.client.state).toBe('connected');
  });

  test('is told again, and no more, if that session has ended before', () => {
    const { ends, end, channel } = looked(side);
    const { session } = channel.frame;
    channel.fault(session, FAULT, ends.nowMs);
    end.events.length = 0;
    channel.fault(session, FAULT, ends.nowMs);
    expect(end.events).toEqual([{ kind: 'fault', session, error: FAULT }]);
  });

  test('ends no session if it belongs to none, or to one of another channel', () => {
    const { ends, end, channel } = looked(side);
    const stranger = new TwoEnds();
    stranger.connect();
    channel.fault(undefined, FAULT, ends.nowMs);
    channel.fault(stranger.clientSession, FAULT, ends.nowMs);
    expect(end.events.map(({ kind }) => kind)).toEqual(['fault', 'fault']);
    expect([ends.clientSession.isOpen, ends.serverSession.isOpen]).toEqual([true, true]);
    expect(stranger.clientSession.isOpen).toBe(true);
  });
});

/** Takes no packets while it is broken. */
class BreakableOutbox extends Outbox {
  isBroken = false;
  override reserve(length: number): number {
    if (this.isBroken) throw FAULT;
    return super.reserve(length);
  }
}

/** Two ends of which the server's way out can break. */
function breakable(): { ends: TwoEnds; out: BreakableOutbox } {
  const out = new BreakableOutbox();
  const ends = new TwoEnds({}, { out });
  ends.client.connect(ends.nowMs, ends.wallMs);
  for (let round = 0; round < 3; round++) exchange(ends, out);
  expect(ends.serverSession.isOpen).toBe(true);
  ends.serverEvents();
  return { ends, out };
}

function exchange(ends: TwoEnds, out: Outbox): void {
  for (const { bytes } of ends.clientEnd.sent.splice(0)) ends.toServer(bytes);
  for (const { bytes } of out.sent.splice(0)) ends.toClient(bytes);
}

describe('an exception in the channel itself', () => {
  test('while a packet of nobody is received concerns no session, and the next client is served', () => {
    const clients = new (class extends MemoryDirectory {
      isBroken = true;
      override lookup(publicKey: Uint8Array) {
        if (this.isBroken) throw FAULT;
        return super.lookup(publicKey);
      }
    })();
    const ends = new TwoEnds({}, { clients });
    clients.add(ends.clientKey.publicKey);
    ends.client.connect(ends.nowMs, ends.wallMs);
    const codes = ends.clientEnd.sent.splice(0).map(({ bytes }) => ends.toServer(bytes));
    expect(codes).toEqual([DROP.internalError]);
    expect(ends.serverEnd.events.splice(0)).toEqual([{ kind: 'fault', session: undefined, error: FAULT }]);
    clients.isBroken = false;
    ends.pass(2000);
    expect(ends.client.state).toBe('connected');
  });

  test('while a packet of a session is received ends that session', () => {
    const { ends, out } = breakable();
    const session = ends.serverSession;
    ends.clientSession.ping(ends.nowMs);
    out.isBroken = true;
    // From another address: the server wants to ask both addresses.
    const [ping] = ends.clientEnd.sent.splice(0);
    const code = ends.toServer(ping?.bytes ?? new Uint8Array(), packedServer);
    expect(code).toBe(DROP.internalError);
    expect(ends.serverEnd.events.splice(0)).toMatchObject([
      { kind: 'roamed' },
      { kind: 'disconnected', reason: 'internal-error' },
      { kind: 'fault', session, error: FAULT },
    ]);
    expect([...ends.server.sessions()]).toEqual([]);
  });

  test('while a frame is pulled ends that session, and nothing is left to pull', () => {
    const { ends, out } = breakable();
    const session = ends.serverSession;
    ends.clientSession.ping(ends.nowMs);
    out.isBroken = true; // the ping cannot be answered
    for (const { bytes } of ends.clientEnd.sent.splice(0)) expect(ends.toServer(bytes)).toBe(0);
    expect(ends.serverEnd.events.splice(0)).toMatchObject([
      { kind: 'disconnected', reason: 'internal-error' },
      { kind: 'fault', session, error: FAULT },
    ]);
    expect([...ends.server.sessions()]).toEqual([]);
    expect(ends.server.nextFrame(ends.nowMs)).toBe(false);
  });

  test('while a deadline is worked on ends that session, and the client comes back', () => {
    const { ends, out } = breakable();
    const session = ends.serverSession;
    datagrams(session, ends);
    out.sent.length = 0;
    out.isBroken = true;
    ends.nowMs += 1000;
    ends.server.wake(ends.nowMs); // a ping is due
    expect(ends.serverEnd.events.splice(0)).toMatchObject([
      { kind: 'disconnected', reason: 'internal-error' },
      { kind: 'fault', session, error: FAULT },
    ]);
    expect([...ends.server.sessions()]).toEqual([]);
    expect(ends.server.nextWakeMs).toBe(Infinity);
    out.isBroken = false;
    datagrams(ends.clientSession, ends); // the client missed the end of the session: a notice tells it
    for (let step = 0; step < 20; step++) {
      ends.nowMs += 50;
      ends.client.wake(ends.nowMs);
      exchange(ends, out);
    }
    expect(ends.serverSession.isOpen).toBe(true);
  });

  test('while a deadline of the client is worked on ends its session, and it begins another', () => {
    const out = new BreakableOutbox();
    const ends = new TwoEnds({ out });
    const exchangeAll = (): void => {
      for (const { bytes } of out.sent.splice(0)) ends.toServer(bytes);
      for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    };
    ends.client.connect(ends.nowMs, ends.wallMs);
    for (let round = 0; round < 3; round++) exchangeAll();
    ends.clientEvents();
    out.isBroken = true;
    while (ends.client.state === 'connected') {
      ends.nowMs = ends.client.nextWakeMs;
      ends.client.wake(ends.nowMs);
    }
    expect(ends.clientEvents()).toEqual(['disconnected', 'fault']);
    expect(ends.client.state).toBe('connecting');
    out.isBroken = false;
    ends.nowMs = ends.client.nextWakeMs;
    ends.client.wake(ends.nowMs);
    for (let round = 0; round < 3; round++) exchangeAll();
    expect(ends.client.state).toBe('connected');
  });
});

describe('a packet whose frames are not all pulled', () => {
  test('is forgotten with the next one that is received, and so is what its batch held', () => {
    const ends = new TwoEnds();
    ends.connect();
    datagrams(ends.clientSession, ends, 2);
    const [first, second] = ends.clientEnd.sent.splice(0).map(({ bytes }) => bytes);
    const { server, nowMs } = ends;
    server.receive(batchOf(first ?? new Uint8Array(), packedClient), 0, nowMs);
    server.receive(batchOf(second ?? new Uint8Array(), packedClient), 0, nowMs);
    expect([server.nextFrame(nowMs), server.nextFrame(nowMs)]).toEqual([true, false]);
    server.receive(batchOf(Uint8Array.of(99), packedClient), 0, nowMs);
    expect(server.nextFrame(nowMs)).toBe(false);
  });
});
