import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  COMPACT_HEADER_BYTES,
  decodeFragment,
  dropCode,
  encodeAddressedHeader,
  encodeCompactHeader,
  encodeFragmentHeader,
  fragmentCount,
  FragmentFields,
  fragmentStart,
  FRAGMENT_HEADER_BYTES,
  FRAME,
  MAX_ADDRESSED_HEADER_BYTES,
  MAX_FRAGMENTED_BYTES,
  MAX_PAYLOAD_BYTES,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  Reassembly,
} from '../src/index.js';

const limits = { maxBytes: 200_000, maxDatagrams: 8, timeoutMs: 1000 };

function compactFrame(payloadLength: number): Uint8Array {
  const bytes = new Uint8Array(COMPACT_HEADER_BYTES + payloadLength);
  encodeCompactHeader(bytes, 0, 4);
  for (let i = COMPACT_HEADER_BYTES; i < bytes.length; i++) bytes[i] = (i * 31) >> 3;
  return bytes;
}

/** The fragments of a frame, each as an encoded frame of its own. */
function split(frame: Uint8Array, id: number, maxPieceBytes: number): Uint8Array[] {
  const count = fragmentCount(frame.length, maxPieceBytes);
  return Array.from({ length: count }, (_, index) => {
    const piece = frame.subarray(
      fragmentStart(frame.length, count, index),
      fragmentStart(frame.length, count, index + 1),
    );
    const bytes = new Uint8Array(FRAGMENT_HEADER_BYTES + piece.length);
    bytes.set(piece, encodeFragmentHeader(bytes, 0, { id, total: frame.length, index, count }));
    return bytes;
  });
}

function add(reassembly: Reassembly, fragment: Uint8Array | undefined, nowMs = 0): number {
  const fields = new FragmentFields();
  const bytes = fragment ?? new Uint8Array();
  const end = decodeFragment(bytes, 0, bytes.length, fields);
  return end < 0 ? end : reassembly.add(fields, bytes, nowMs);
}

describe('fragments', () => {
  test.each([1400, 1401, 2800, 9000, 65_000, MAX_PAYLOAD_BYTES])(
    'fragments of a datagram of %d bytes are put together in any order',
    (payloadLength) => {
      fc.assert(
        fc.property(fc.integer({ min: 512, max: 1400 }), fc.infiniteStream(fc.nat()), (maxPieceBytes, order) => {
          const frame = compactFrame(payloadLength);
          const pieces = split(frame, 9, maxPieceBytes);
          const shuffled = pieces
            .map((piece) => ({ piece, key: Number(order.next().value) }))
            .sort((a, b) => a.key - b.key);
          const reassembly = new Reassembly(limits);
          const results = shuffled.map(({ piece }) => add(reassembly, piece));
          expect(results).toEqual([...Array<number>(pieces.length - 1).fill(0), frame.length]);
          expect(Buffer.compare(reassembly.whole, frame)).toBe(0);
          expect(reassembly.pendingBytes).toBe(0);
        }),
        { numRuns: 10 },
      );
    },
  );

  test('fragments of the largest addressed datagram between IPv6 endpoints are allowed', () => {
    const endpoint = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint({ address: '2001:db8::1', port: 9 }, endpoint, 0);
    const frame = new Uint8Array(MAX_FRAGMENTED_BYTES);
    const at = encodeAddressedHeader(frame, 0, 1, { source: endpoint, destination: endpoint }, MAX_PAYLOAD_BYTES);
    const whole = frame.subarray(0, at + MAX_PAYLOAD_BYTES);
    expect(at).toBeLessThanOrEqual(MAX_ADDRESSED_HEADER_BYTES);
    const reassembly = new Reassembly(limits);
    expect(
      split(whole, 1, 1400)
        .map((piece) => add(reassembly, piece))
        .at(-1),
    ).toBe(whole.length);
    expect(reassembly.whole[0]).toBe(FRAME.addressed);
  });

  test.each([
    [MAX_FRAGMENTED_BYTES + 1, 1400],
    [65_000, 200],
  ])('fragments of %d bytes in pieces of %d are too many', (total, maxPieceBytes) => {
    expect(fragmentCount(total, maxPieceBytes)).toBe(dropCode('too-large'));
  });
});

describe('Reassembly', () => {
  const [first, second, third] = split(compactFrame(3000), 1, 1400);

  test('Reassembly refuses a piece that came already', () => {
    const reassembly = new Reassembly(limits);
    add(reassembly, first);
    expect(add(reassembly, first)).toBe(dropCode('duplicate-fragment'));
    expect([add(reassembly, second), add(reassembly, third)]).toEqual([0, 3005]);
  });

  test.each([
    ['another total', split(compactFrame(3001), 1, 1400)],
    ['another count', split(compactFrame(3000), 1, 1000)],
  ])('Reassembly refuses a piece with %s than the ones before', (_, [, other]) => {
    const reassembly = new Reassembly(limits);
    add(reassembly, first);
    expect(add(reassembly, other)).toBe(dropCode('bad-fragment'));
    expect([add(reassembly, second), add(reassembly, third)]).toEqual([0, 3005]);
  });

  test.each([
    ['a compact', FRAME.compact],
    ['an extended', FRAME.extended],
    ['an addressed', FRAME.addressed],
  ])('Reassembly puts %s datagram together, whose content is for its decoder to judge', (_, type) => {
    const frame = compactFrame(2000);
    frame[0] = type;
    const reassembly = new Reassembly(limits);
    expect(split(frame, 1, 1400).map((piece) => add(reassembly, piece))).toEqual([0, frame.length]);
    expect(reassembly.whole).toEqual(frame);
  });

  test.each([
    ['a ping', FRAME.ping],
    ['a fragment', FRAME.fragment],
    ['a frame with a length', FRAME.compact | 0x80],
  ])('Reassembly refuses %s as the whole frame', (_, type) => {
    const frame = compactFrame(2000);
    frame[0] = type;
    const reassembly = new Reassembly(limits);
    expect(split(frame, 1, 1400).map((piece) => add(reassembly, piece))).toEqual([0, dropCode('bad-fragment')]);
    expect(reassembly.pendingDatagrams).toBe(0);
  });

  test('Reassembly keeps the pieces of different frames apart', () => {
    const reassembly = new Reassembly(limits);
    const [a, b] = [compactFrame(2000), compactFrame(2500)];
    const [a1, a2] = split(a, 7, 1400);
    const [b1, b2] = split(b, 8, 1400);
    expect([a1, b1, b2, a2].map((piece) => add(reassembly, piece))).toEqual([0, 0, b.length, a.length]);
    expect(Buffer.compare(reassembly.whole, a)).toBe(0);
  });

  test('Reassembly gives up a frame that is not complete in time, and counts it', () => {
    const reassembly = new Reassembly(limits);
    add(reassembly, first, 100);
    expect(reassembly.nextExpiryMs).toBe(1100);
    expect(reassembly.expire(1099)).toBe(0);
    expect(reassembly.expire(1100)).toBe(1);
    expect(reassembly.nextExpiryMs).toBe(Infinity);
    expect(reassembly.drops.toJSON()).toEqual({ 'reassembly-timeout': 1 });
    expect(add(reassembly, second, 1100)).toBe(0);
  });

  test('Reassembly gives up the oldest frame when too many miss pieces', () => {
    const reassembly = new Reassembly({ ...limits, maxDatagrams: 2 });
    const pieces = [1, 2, 3].map((id) => split(compactFrame(2000), id, 1400));
    for (const [piece] of pieces) add(reassembly, piece);
    expect(reassembly.pendingDatagrams).toBe(2);
    expect(pieces.slice(1).map(([, piece]) => add(reassembly, piece))).toEqual([2005, 2005]);
    expect(reassembly.drops.toJSON()).toEqual({ 'reassembly-limit': 1 });
  });

  test('Reassembly refuses a frame larger than its limit, and keeps the others', () => {
    const reassembly = new Reassembly({ ...limits, maxBytes: 3005 });
    add(reassembly, first);
    expect(add(reassembly, split(compactFrame(3001), 2, 1400)[0])).toBe(dropCode('reassembly-limit'));
    expect(reassembly.pendingDatagrams).toBe(1);
  });

  // The first pieces of datagrams of 65,000 bytes had a server zero 65 KB for each packet.
  test('Reassembly takes memory as the pieces come, not for what is announced', () => {
    const reassembly = new Reassembly({ maxBytes: 1 << 23, maxDatagrams: 100, timeoutMs: 1000 });
    const [piece = new Uint8Array()] = split(compactFrame(65_000), 0, 1300);
    const before = process.memoryUsage().arrayBuffers;
    for (let id = 0; id < 100; id++) {
      piece[1] = id;
      expect(add(reassembly, piece)).toBe(0);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(reassembly.pendingDatagrams).toBe(100);
  });

  test('Reassembly never keeps more than its limits for any fragments', () => {
    const piece = fc.record({
      id: fc.nat(20),
      total: fc.integer({ min: 10, max: 5000 }),
      index: fc.nat(4),
      atMs: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 100 }), (pieces) => {
        const reassembly = new Reassembly({ maxBytes: 12_000, maxDatagrams: 4, timeoutMs: 100 });
        let nowMs = 0;
        let began = 0;
        let whole = 0;
        for (const { id, total, index, atMs } of pieces) {
          nowMs += atMs;
          const pendingBefore = reassembly.pendingDatagrams + reassembly.drops.total;
          const result = add(reassembly, split(compactFrame(total), id, Math.ceil((total + 5) / 5))[index], nowMs);
          whole += result > 0 ? 1 : 0;
          began += reassembly.pendingDatagrams + reassembly.drops.total + (result > 0 ? 1 : 0) - pendingBefore;
          expect(reassembly.pendingBytes).toBeLessThanOrEqual(12_000);
          expect(reassembly.pendingDatagrams).toBeLessThanOrEqual(4);
        }
        reassembly.expire(Infinity);
        expect(reassembly.pendingBytes).toBe(0);
        expect(began).toBe(whole + reassembly.drops.total);
      }),
      { numRuns: 60 },
    );
  });
});
