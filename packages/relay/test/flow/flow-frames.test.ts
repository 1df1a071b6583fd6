import { describe, expect, test } from '@jest/globals';
import {
  addressedHeaderBytes,
  dropReasonOf,
  encodeAddressedHeader,
  encodeCompactHeader,
  encodeFlowAcknowledge,
  encodeFlowClose,
  encodeFlowUnknown,
  encodeFragmentHeader,
  fragmentStart,
  FRAGMENT_HEADER_BYTES,
  FRAME,
  frameType,
  nextFrame,
} from '@relay/packet';
import fc from 'fast-check';
import { packed, TwoPeers, type Acceptor, type Opener } from './two-peers.js';

const SOURCE = packed('192.0.2.1', 4000);
const TARGET = packed('198.51.100.1', 53);

function connected(): TwoPeers {
  const peers = new TwoPeers('client', 0, { maxFlows: 8, idleMs: 60_000 });
  peers.connect();
  return peers;
}

/** Gives a frame to a peer; what became of it, in words. */
function take(peers: TwoPeers, to: Opener | Acceptor, frame: Uint8Array): string {
  const code = peers.take(to, frameType(frame, 0), frame, 0, frame.length);
  to.batch.flush();
  return code < 0 ? dropReasonOf(code) : 'taken';
}

const compact = (id: number, payload: Uint8Array): Uint8Array => {
  const frame = new Uint8Array(5 + payload.length);
  frame.set(payload, encodeCompactHeader(frame, 0, id));
  return frame;
};
const addressed = (id: number, payload: Uint8Array): Uint8Array => {
  const endpoints = { source: SOURCE, destination: TARGET };
  const frame = new Uint8Array(addressedHeaderBytes(endpoints) + payload.length);
  frame.set(payload, encodeAddressedHeader(frame, 0, id, endpoints, payload.length));
  return frame;
};
const notice = (encode: (bytes: Uint8Array, offset: number, id: number) => number, id: number): Uint8Array => {
  const frame = new Uint8Array(16);
  return frame.subarray(0, encode(frame, 0, id));
};
const close = (id: number, reason: number): Uint8Array =>
  notice((bytes, offset, flowId) => encodeFlowClose(bytes, offset, flowId, reason), id);
const pieces = (frame: Uint8Array, id: number, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => {
    const content = frame.subarray(
      fragmentStart(frame.length, count, index),
      fragmentStart(frame.length, count, index + 1),
    );
    const piece = new Uint8Array(FRAGMENT_HEADER_BYTES + content.length);
    piece.set(content, encodeFragmentHeader(piece, 0, { id, total: frame.length, index, count }));
    return piece;
  });

const flowId = fc.oneof(fc.nat(5), fc.constant(0xffff_fffe), fc.constant(0xffff_ffff));
const payload = fc.uint8Array({ maxLength: 20 });
/**
 * Every frame about flows: right ones about unknown flows, and bytes that merely begin like one.
 */
const frames = fc
  .oneof(
    fc.tuple(flowId, payload).map(([id, bytes]) => compact(id, bytes)),
    fc.tuple(flowId, payload).map(([id, bytes]) => addressed(id, bytes)),
    flowId.map((id) => notice(encodeFlowAcknowledge, id)),
    flowId.map((id) => notice(encodeFlowUnknown, id)),
    fc.tuple(flowId, fc.nat(255)).map(([id, reason]) => close(id, reason)),
    fc
      .tuple(fc.uint8Array({ minLength: 2, maxLength: 40 }), fc.nat(3), fc.constantFrom(1, 2, 0x81, 0x82, 3))
      .map(([bytes, id, type]) => pieces(Uint8Array.of(type, ...bytes), id, 3)),
    fc.tuple(fc.constantFrom(...Object.values(FRAME)), payload).map(([type, bytes]) => Uint8Array.of(type, ...bytes)),
  )
  .map((made) => (Array.isArray(made) ? made : [made]))
  .map((made) => made.filter((frame) => nextFrame(frame, 0, frame.length) === frame.length));

describe('a tunnel', () => {
  test('between two peers that know nothing, a frame causes one packet at most, and then there is silence', () => {
    fc.assert(
      fc.property(fc.boolean(), frames, (isToOpener, sent) => {
        const peers = connected();
        for (const frame of sent) take(peers, isToOpener ? peers.opener : peers.acceptor, frame);
        expect(peers.packets).toBeLessThanOrEqual(1);
        peers.pass(0);
        expect(peers.packets).toBeLessThanOrEqual(2);
        expect(peers.isQuiet).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('no frame of a hostile peer does more than be refused, with flows or without', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 12 }), fc.boolean(), (sent, isToOpener) => {
        const peers = connected();
        peers.send(peers.entrance(TARGET, 4, 60_000), SOURCE, new Uint8Array(3));
        peers.pass(0);
        for (const frame of sent.flat()) {
          take(peers, isToOpener ? peers.opener : peers.acceptor, frame);
          peers.pass(0);
        }
        for (const { toTarget, fromTarget } of [peers.opener.traffic, peers.acceptor.traffic])
          for (const { inDatagrams, outDatagrams, drops, inBytes, outBytes } of [toTarget, fromTarget]) {
            expect(inDatagrams).toBe(outDatagrams + drops.total);
            expect(inBytes).toBeGreaterThanOrEqual(outBytes);
          }
      }),
      { numRuns: 300 },
    );
  });

  // The pieces are right; what they make is shorter than any datagram: its payload would have had a
  // length below zero.
  test.each([2, 3, 4])('fragments that make a compact datagram of %i bytes are refused', (length) => {
    const peers = connected();
    peers.send(peers.entrance(TARGET, 4, 60_000), SOURCE, new Uint8Array(0));
    peers.pass(0);
    const frame = new Uint8Array(length);
    frame[0] = FRAME.compact;
    const outcomes = pieces(frame, 9, 2).map((piece) => take(peers, peers.acceptor, piece));
    expect(outcomes).toEqual(['taken', 'truncated']);
    expect(peers.acceptor.traffic.toTarget.inDatagrams).toBe(1);
  });

  test("a peer may not open flows under the other's ids", () => {
    const peers = connected();
    expect(take(peers, peers.acceptor, addressed(1, new Uint8Array(1)))).toBe('unknown-frame');
    expect(take(peers, peers.acceptor, addressed(2, new Uint8Array(1)))).toBe('taken');
    expect(peers.acceptor.flows.size).toBe(1);
  });

  test('a peer that accepts no flows refuses their datagrams', () => {
    const peers = connected();
    expect(take(peers, peers.opener, addressed(1, new Uint8Array(1)))).toBe('not-published');
    expect(take(peers, peers.opener, compact(1, new Uint8Array(1)))).toBe('unknown-flow');
  });

  test('a flow under the id of another replaces it', () => {
    const peers = connected();
    const other = addressed(2, new Uint8Array(1));
    take(peers, peers.acceptor, other);
    const [first] = peers.acceptor.targets;
    const changed = other.slice();
    encodeAddressedHeader(changed, 0, 2, { source: packed('192.0.2.9', 1), destination: TARGET }, 1);
    take(peers, peers.acceptor, changed);
    expect(first?.flow).toBeUndefined();
    expect(peers.acceptor.flows.size).toBe(1);
    expect(peers.acceptor.targets.size).toBe(1);
  });
});
