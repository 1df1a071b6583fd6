import { describe, expect, test } from '@jest/globals';
import { encodeSizedFrameHeader, FRAME, PARAMETER, REQUEST } from '@relay/packet';
import type { Session } from '../../src/index.js';
import { TwoEnds } from '../two-ends.js';

/** Sends parameters with this one number in them, which `encodeParameters` would not write. */
function sendParameter(session: Session, ends: TwoEnds, key: number, value: number): void {
  const frame = new Uint8Array(10);
  const body = encodeSizedFrameHeader(frame, 0, FRAME.parameters, 7);
  frame.set([1, key, 4, value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24], body);
  session.sendFrames(frame, 0, frame.length, ends.nowMs);
  ends.settle();
}

const WRONG: [string, number, number][] = [
  ['a largest packet of 1 byte', PARAMETER.maxPacketBytes, 1],
  ['a largest packet of 0 bytes', PARAMETER.maxPacketBytes, 0],
  ['a largest packet of 1,199 bytes', PARAMETER.maxPacketBytes, 1199],
  ['a largest packet that UDP does not carry', PARAMETER.maxPacketBytes, 65_508],
  ['a largest packet of 2^32 - 1 bytes', PARAMETER.maxPacketBytes, 2 ** 32 - 1],
  ['an idle time of a flow of 0 ms', PARAMETER.flowIdleMs, 0],
];

describe.each(['client', 'server'] as const)('a %s that states', (peer) => {
  test.each(WRONG)('%s loses its session, and nothing else happens', (_name, key, value) => {
    const ends = new TwoEnds();
    ends.connect();
    const [hostile, honest, end] =
      peer === 'client'
        ? [ends.clientSession, ends.serverSession, ends.serverEnd]
        : [ends.serverSession, ends.clientSession, ends.clientEnd];
    end.events.length = 0;
    sendParameter(hostile, ends, key, value);
    expect(end.events.filter(({ kind }) => kind === 'disconnected')).toMatchObject([{ reason: 'protocol-error' }]);
    expect(honest.isOpen).toBe(false);
    expect(honest.request(REQUEST.resolve, new Uint8Array(200), ends.nowMs)).toBeLessThan(0);
    expect(honest.answer(1, 0, new Uint8Array(200), ends.nowMs)).toBeLessThan(0);
  });
});

describe('an end that is made with', () => {
  test.each([1199, 65_508, 1400.5, Number.NaN])('a largest packet of %d bytes is refused at once', (maxPacketBytes) => {
    expect(() => new TwoEnds({ parameters: { maxPacketBytes } })).toThrow('maxPacketBytes');
    expect(() => new TwoEnds({}, { parameters: { maxPacketBytes } })).toThrow('maxPacketBytes');
  });

  test('a public key of the server with which nobody can agree is refused at once', () => {
    expect(() => new TwoEnds({ serverPublicKey: new Uint8Array(32) })).toThrow('low order');
  });
});
