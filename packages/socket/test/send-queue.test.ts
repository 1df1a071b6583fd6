import { describe, expect, test } from '@jest/globals';
import { packEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint } from '@relay/packet';
import { SendQueue } from '../src/send-queue.js';
import type { SendBatch } from '../src/index.js';
import { Random } from '../src/testing/random.js';

interface Datagram {
  readonly payload: string;
  readonly destination: string | undefined;
  readonly local: string | undefined;
  readonly tag: number;
}

const textAt = (packed: Uint8Array | undefined, i: number): string | undefined => {
  if (packed === undefined) return undefined;
  const { address, port } = unpackEndpoint(packed, i * PACKED_ENDPOINT_BYTES);
  return port === 0 ? undefined : `${address} ${port}`;
};

function batchOf(datagrams: readonly Datagram[], hasEndpoints: boolean, hasTags = false): SendBatch {
  const bytes = Buffer.from(datagrams.map(({ payload }) => payload).join(''));
  const lengths = Uint32Array.from(datagrams, ({ payload }) => payload.length);
  const offsets = new Uint32Array(datagrams.length);
  for (let i = 1; i < datagrams.length; i++) offsets[i] = (offsets[i - 1] ?? 0) + (lengths[i - 1] ?? 0);
  const packed = (text: (datagram: Datagram) => string | undefined): Uint8Array => {
    const all = new Uint8Array(datagrams.length * PACKED_ENDPOINT_BYTES);
    for (const [i, datagram] of datagrams.entries()) {
      const [address = '0.0.0.0', port = '0'] = text(datagram)?.split(' ') ?? [];
      packEndpoint({ address, port: Number(port) }, all, i * PACKED_ENDPOINT_BYTES);
    }
    return all;
  };
  const endpoints = { destinations: packed(({ destination }) => destination), locals: packed(({ local }) => local) };
  const tags = { tags: Uint32Array.from(datagrams, ({ tag }) => tag) };
  return { count: datagrams.length, bytes, offsets, lengths, ...(hasEndpoints && endpoints), ...(hasTags && tags) };
}

const waiting = (queue: SendQueue): Datagram[] =>
  Array.from({ length: queue.count - queue.head }, (_, k) => {
    const i = queue.head + k;
    const offset = queue.offsets[i] ?? 0;
    return {
      payload: Buffer.from(queue.bytes.subarray(offset, offset + (queue.lengths[i] ?? 0))).toString(),
      destination: textAt(queue.destinations, i),
      local: textAt(queue.locals, i),
      tag: queue.tags?.[i] ?? 0,
    };
  });

describe('the queue of waiting datagrams', () => {
  test.each([1, 2, 3, 4, 5, 6])('holds what a plain list would hold (seed %d)', (seed) => {
    const random = new Random(seed);
    const below = (limit: number): number => Math.floor(random.next() * limit);
    const queue = new SendQueue();
    let list: Datagram[] = [];
    let number = 0;
    const size = (datagrams: readonly Datagram[]): number =>
      datagrams.reduce((sum, { payload }) => sum + payload.length, 0);
    for (let step = 0; step < 400; step++) {
      const hasEndpoints = random.next() < 0.7;
      const hasTags = step > 50 && random.next() < 0.7;
      const offered = Array.from({ length: 1 + below(40) }, (): Datagram => {
        number++;
        const payload = `${number}:`.padEnd(1 + below(seed % 2 === 0 ? 3000 : 60), 'x');
        const tag = hasTags ? number : 0;
        if (!hasEndpoints) return { payload, destination: undefined, local: undefined, tag };
        return {
          payload,
          tag,
          destination: `192.0.2.${below(255)} ${1 + below(65_535)}`,
          local: random.next() < 0.5 ? undefined : `198.51.100.1 ${1 + below(65_535)}`,
        };
      });
      const maxBytes = 100_000;
      const from = below(2);
      // As many datagrams as fit are taken, in order. The first that does not fit stays out, and so
      // do all after it.
      let taken = from;
      while (taken < offered.length && size(list) + size(offered.slice(from, taken + 1)) <= maxBytes) taken++;
      expect(queue.append(batchOf(offered, hasEndpoints, hasTags), from, maxBytes)).toBe(Math.max(taken, from));
      list.push(...offered.slice(from, taken));
      expect(queue.waitingBytes).toBe(size(list));
      if (step <= 50) expect(queue.tags).toBeUndefined();
      const sent = below(list.length + 1);
      queue.advance(queue.head + sent);
      list = list.slice(sent);
      expect(queue.waitingBytes).toBe(size(list));
      expect(waiting(queue)).toEqual(list);
      if (random.next() < 0.02) {
        queue.clear();
        list = [];
        expect([queue.waitingBytes, waiting(queue)]).toEqual([0, []]);
      }
    }
  });

  test('has room for a burst from the beginning, or for the given size', () => {
    const datagram = { payload: 'x'.repeat(1024), destination: '192.0.2.1 1', local: undefined, tag: 0 };
    const burst = batchOf(Array<Datagram>(64).fill(datagram), true);
    const queue = new SendQueue();
    const { bytes, offsets } = queue;
    queue.append(burst, 0, Infinity);
    expect([bytes.length, offsets.length]).toEqual([65_536, 64]);
    expect([queue.bytes, queue.offsets].map((array, i) => array === [bytes, offsets][i])).toEqual([true, true]);
    const small = new SendQueue(100, 2);
    expect([small.bytes.length, small.lengths.length, small.locals.length]).toEqual([100, 2, 48]);
    small.append(burst, 0, Infinity);
    expect(waiting(small)).toEqual(Array<Datagram>(64).fill(datagram));
  });

  test('does not grow with sent datagrams: it reuses their room', () => {
    const queue = new SendQueue();
    const datagram = { payload: 'x'.repeat(1000), destination: '192.0.2.1 1', local: undefined, tag: 0 };
    for (let i = 0; i < 20_000; i++) {
      queue.append(batchOf([datagram, datagram], true), 0, 10_000);
      queue.advance(queue.head + (i < 3 ? 0 : 2));
    }
    expect(waiting(queue)).toHaveLength(6);
    expect(queue.bytes.length).toBeLessThanOrEqual(1 << 17);
    expect(queue.offsets.length).toBeLessThanOrEqual(128);
  });
});
