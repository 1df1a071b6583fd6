import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, REQUEST, STATUS } from '@relay/packet';
import { TwoEnds } from '../two-ends.js';

function connected(): TwoEnds {
  const ends = new TwoEnds();
  ends.connect();
  ends.clientEvents();
  ends.serverEvents();
  return ends;
}

describe('a control request', () => {
  test('reaches the peer once, and its answer us once, however often packets are lost or repeated', () => {
    const ends = connected();
    const id = ends.clientSession.request(REQUEST.publish, Uint8Array.of(1, 2), ends.nowMs);
    // Lost; repeated after 300 ms; then twice.
    ends.clientEnd.sent.length = 0;
    ends.nowMs += 300;
    ends.client.wake(ends.nowMs);
    const [request] = ends.clientEnd.sent.splice(0);
    ends.toServer(request?.bytes ?? new Uint8Array());
    expect(ends.serverEnd.events.splice(0)).toMatchObject([{ kind: 'request', id, request: REQUEST.publish }]);
    ends.nowMs += 600;
    ends.client.wake(ends.nowMs);
    ends.settle();
    expect(ends.serverEvents().filter((kind) => kind === 'request')).toEqual([]);

    // Answered; the answer is lost; the next repetition brings it again.
    ends.serverSession.answer(id, STATUS.done, Uint8Array.of(9), ends.nowMs);
    ends.serverEnd.sent.length = 0;
    ends.pass(1200);
    const answers = ends.clientEnd.events.splice(0).filter(({ kind }) => kind === 'answer');
    expect(answers).toMatchObject([{ kind: 'answer', id, request: REQUEST.publish, status: STATUS.done }]);
    expect(ends.serverEvents().filter((kind) => kind === 'request')).toEqual([]);
    ends.pass(1000); // a ping asks whether the repetitions arrived
    const { packetsOut } = ends.clientSession.statistics;
    ends.pass(10_000);
    expect(ends.clientSession.statistics.packetsOut).toBe(packetsOut);
  });

  test('goes on over a rekey', () => {
    const ends = connected();
    const id = ends.clientSession.request(REQUEST.resolve, Uint8Array.of(1), ends.nowMs);
    ends.pass(125_000);
    expect(ends.serverEvents()).toContain('rekeyed');
    ends.serverSession.answer(id, STATUS.notFound, new Uint8Array(), ends.nowMs);
    ends.settle();
    expect(ends.clientEnd.events.at(-1)).toMatchObject({ kind: 'answer', status: STATUS.notFound });
  });

  test('that nobody answered yet is kept once; of more than 256 the last are taken when there is room', () => {
    const ends = connected();
    for (let count = 0; count < 300; count++) ends.clientSession.request(REQUEST.resolve, new Uint8Array(), ends.nowMs);
    ends.settle();
    const requests = ends.serverEnd.events.splice(0).flatMap((event) => (event.kind === 'request' ? [event.id] : []));
    expect(requests).toHaveLength(256);
    for (const id of requests) ends.serverSession.answer(id, STATUS.done, new Uint8Array(), ends.nowMs);
    ends.settle();
    ends.pass(1000);
    expect(ends.serverEvents().filter((kind) => kind === 'request')).toHaveLength(44);
  });

  test('is refused here if it does not fit a packet, or too many are open', () => {
    const ends = connected();
    const { clientSession } = ends;
    expect(dropReasonOf(clientSession.request(1, new Uint8Array(1400), ends.nowMs))).toBe('too-large');
    for (let count = 0; count < 1024; count++)
      expect(clientSession.request(1, new Uint8Array(), ends.nowMs)).toBeGreaterThan(0);
    expect(dropReasonOf(clientSession.request(1, new Uint8Array(), ends.nowMs))).toBe('queue-full');
  });

  test('is refused here once the session has ended, and so is an answer', () => {
    const ends = connected();
    const { clientSession, serverSession } = ends;
    ends.client.close(ends.nowMs);
    ends.settle();
    expect(dropReasonOf(clientSession.request(1, new Uint8Array(), ends.nowMs))).toBe('no-session');
    expect(dropReasonOf(serverSession.answer(1, STATUS.done, new Uint8Array(), ends.nowMs))).toBe('no-session');
  });

  test('whose answer does not fit a packet can still be given a shorter one', () => {
    const ends = connected();
    const id = ends.clientSession.request(REQUEST.resolve, new Uint8Array(), ends.nowMs);
    ends.settle();
    const { serverSession } = ends;
    expect(dropReasonOf(serverSession.answer(id, STATUS.done, new Uint8Array(1400), ends.nowMs))).toBe('too-large');
    expect(serverSession.answer(id, STATUS.failed, new Uint8Array(), ends.nowMs)).toBe(0);
    ends.settle();
    expect(ends.clientEnd.events.at(-1)).toMatchObject({ kind: 'answer', id, status: STATUS.failed });
  });

  test('that was answered before is answered the same again, and a second answer is ignored', () => {
    const ends = connected();
    const id = ends.clientSession.request(REQUEST.unpublish, new Uint8Array(), ends.nowMs);
    ends.settle();
    ends.serverSession.answer(id, STATUS.done, new Uint8Array(), ends.nowMs);
    ends.serverEnd.sent.length = 0;
    ends.serverSession.answer(id, STATUS.failed, new Uint8Array(), ends.nowMs);
    expect(ends.serverEnd.sent).toEqual([]);
    ends.pass(400);
    expect(ends.clientEnd.events.find(({ kind }) => kind === 'answer')).toMatchObject({ status: STATUS.done });
  });
});
