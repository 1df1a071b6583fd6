import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, encodeCompactHeader } from '@relay/packet';
import type { ClientChannelOptions, ServerChannelOptions, Session, SessionEvent } from '../../src/index.js';
import { TwoEnds } from '../two-ends.js';

const FAULT = new Error('a bug of the program');

function datagram(session: Session, ends: TwoEnds): void {
  const frame = new Uint8Array(20);
  encodeCompactHeader(frame, 0, 2);
  session.sendFrames(frame, 0, frame.length, ends.nowMs);
}

interface Case {
  readonly ends: TwoEnds;
  readonly events: SessionEvent[];
}

/** Two ends of which `side` throws in its sink of frames. */
function throwing(side: 'client' | 'server'): Case {
  const sinks: Partial<ClientChannelOptions & ServerChannelOptions> = {
    onFrame: () => {
      throw FAULT;
    },
  };
  const ends = side === 'client' ? new TwoEnds(sinks) : new TwoEnds({}, sinks);
  ends.connect();
  const { events } = side === 'client' ? ends.clientEnd : ends.serverEnd;
  events.length = 0;
  return { ends, events };
}

describe.each(['client', 'server'] as const)('an exception at the %s while a packet is handled', (side) => {
  test('ends the session of the packet, names its cause, and is counted as internal-error', () => {
    const { ends, events } = throwing(side);
    const [from, sent] =
      side === 'client' ? [ends.serverSession, ends.serverEnd.sent] : [ends.clientSession, ends.clientEnd.sent];
    datagram(from, ends);
    const [packet] = sent.splice(0);
    const bytes = packet?.bytes ?? new Uint8Array();
    const code = side === 'client' ? ends.toClient(bytes) : ends.toServer(bytes);
    expect(dropReasonOf(code)).toBe('internal-error');
    expect(events).toMatchObject([
      { kind: 'disconnected', reason: 'internal-error' },
      { kind: 'fault', error: FAULT },
    ]);
  });

  test('tells the peer, whose session ends as well; a client waits before it comes again', () => {
    const { ends } = throwing(side);
    datagram(side === 'client' ? ends.serverSession : ends.clientSession, ends);
    const [client, server] = [ends.clientSession, ends.serverSession];
    ends.settle();
    expect([client.isOpen, server.isOpen]).toEqual([false, false]);
    ends.pass(7000);
    expect(ends.client.state).toBe('connecting');
    ends.pass(6000);
    expect(ends.client.state).toBe('connected');
  });
});

describe('an exception in the sink of events', () => {
  test('is confined as well, and the channel serves the next client', () => {
    let isBroken = false;
    const ends = new TwoEnds(
      {},
      {
        onEvent: () => {
          if (isBroken) throw FAULT;
        },
      },
    );
    isBroken = true;
    ends.client.connect(ends.nowMs, ends.wallMs);
    for (const { bytes } of ends.clientEnd.sent.splice(0)) expect(ends.toServer(bytes)).toBe(0);
    for (const { bytes } of ends.serverEnd.sent.splice(0)) ends.toClient(bytes);
    const codes = ends.clientEnd.sent.splice(0).map(({ bytes }) => ends.toServer(bytes));
    expect(codes.map((code) => dropReasonOf(code))).toContain('internal-error');
    isBroken = false;
    ends.pass(15_000);
    expect(ends.client.state).toBe('connected');
    expect(ends.serverSession.isOpen).toBe(true);
  });

  test('while a deadline is worked on ends that session, and the others go on', () => {
    const events: SessionEvent[] = [];
    const ends = new TwoEnds(
      {},
      {
        onEvent: (event) => {
          if (event.kind === 'path-lost') throw FAULT;
          events.push(event);
        },
      },
    );
    ends.connect();
    datagram(ends.serverSession, ends);
    ends.passCut(3100);
    expect(events.slice(-2)).toMatchObject([{ reason: 'internal-error' }, { kind: 'fault', error: FAULT }]);
    expect([...ends.server.sessions()]).toEqual([]);
    datagram(ends.clientSession, ends); // the client missed the end of the session: a reset tells it
    ends.pass(20_000);
    expect(ends.serverSession.isOpen).toBe(true);
  });
});
