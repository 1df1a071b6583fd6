import { describe, expect, test } from '@jest/globals';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { CookieBaker } from '../../src/handshake/cookie.js';
import { equalSecrets } from '../../src/handshake/macs.js';
import { readTimestamp, timestampOf, writeTimestamp } from '../../src/handshake/timestamp.js';
import { DoorLimits } from '../../src/server/door-limits.js';
import { SourceLimiter } from '../../src/server/source-limiter.js';
import { TokenBucket } from '../../src/token-bucket.js';
import { SeededRandom } from '../simulation/seeded-random.js';

function packed(address: string, port = 1): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, bytes, 0);
  return bytes;
}

/** A bucket in whole steps of 1 ms, obviously right and slow. */
class SlowBucket {
  #tokens: number;
  #atMs: number | undefined;
  readonly #perMs: number;
  readonly #burst: number;
  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1000;
    this.#tokens = this.#burst = burst;
  }
  take(nowMs: number, amount: number): boolean {
    for (; this.#atMs !== undefined && this.#atMs < nowMs; this.#atMs++)
      this.#tokens = Math.min(this.#burst, this.#tokens + this.#perMs);
    this.#atMs = Math.max(nowMs, this.#atMs ?? nowMs);
    if (this.#tokens < amount) return false;
    this.#tokens -= amount;
    return true;
  }
}

describe('a rate limit', () => {
  // Powers of two, so that both count exactly.
  test.each([
    [125, 125],
    [125, 4],
    [1000, 10],
    [62.5, 1],
  ])('of %d per second and %d at once lets through what counting each ms would', (perSecond, burst) => {
    const random = new SeededRandom(perSecond);
    const [bucket, slow] = [new TokenBucket(perSecond, burst), new SlowBucket(perSecond, burst)];
    let nowMs = 5000;
    for (let i = 0; i < 2000; i++) {
      nowMs += Math.floor(random.between(0, random.chance(0.02) ? 3000 : 20));
      const amount = random.chance(0.2) ? Math.min(burst, 2) : 1;
      const before = bucket.has(nowMs, amount);
      const expected = slow.take(nowMs, amount);
      expect([before, bucket.take(nowMs, amount)]).toEqual([expected, expected]);
    }
  });

  test('holds a second of its rate if nothing else is said, and time that goes back gives nothing', () => {
    const bucket = new TokenBucket(3);
    expect([1, 2, 3, 4].map(() => bucket.take(1000))).toEqual([true, true, true, false]);
    expect(bucket.take(900)).toBe(false);
    expect(bucket.take(1000)).toBe(false);
    expect(bucket.take(1334)).toBe(true);
  });

  test('of a source is its own, and by its address alone', () => {
    const random = new SeededRandom(1);
    const limiter = new SourceLimiter(125, 4, random.bytes);
    const takes = (address: string, n: number, nowMs: number): number =>
      Array.from({ length: n }, (_, i) => limiter.take(packed(address, i + 1), 0, nowMs)).filter(Boolean).length;
    expect(takes('192.0.2.1', 10, 1000)).toBe(4);
    expect(takes('192.0.2.2', 10, 1000)).toBe(4);
    expect(takes('192.0.2.1', 10, 1008)).toBe(1);
    expect(takes('192.0.2.1', 10, 1015)).toBe(0);
    expect(takes('192.0.2.1', 10, 1016)).toBe(1);
    expect(takes('192.0.2.1', 10, 900_000)).toBe(4);
    // All of a /64 is one source, and the next /64 another.
    expect(takes('2001:db8:0:1::1', 3, 1000) + takes('2001:db8:0:1:ffff::2', 3, 1000)).toBe(4);
    expect(takes('2001:db8:0:2::1', 10, 1000)).toBe(4);
    const bytes = new Uint8Array(3 + PACKED_ENDPOINT_BYTES).fill(7);
    bytes.set(packed('192.0.2.2'), 3);
    expect(limiter.take(bytes, 3, 1000)).toBe(false);
  });

  test('of sources spreads them over its memory: few share a bucket', () => {
    const limiter = new SourceLimiter(1, 1, new SeededRandom(2).bytes);
    const addresses = Array.from({ length: 400 }, (_, i) => [`10.${i % 7}.${i}.${i * 3}`, `2001:db8:${i}::1`]).flat();
    const valid = addresses.map((address) =>
      address.includes(':')
        ? address
        : address
            .split('.')
            .map((part) => Number(part) % 256)
            .join('.'),
    );
    const distinct = [...new Set(valid)];
    const taken = distinct.filter((address) => limiter.take(packed(address), 0, 1000)).length;
    expect(taken).toBeGreaterThan(distinct.length * 0.8);
  });
});

describe('the limits of a client at the door', () => {
  test('are none where none are given', () => {
    expect(DoorLimits.of({})).toBeUndefined();
  });

  test('count packets, and the bits of their bytes', () => {
    const packets = DoorLimits.of({ packetsPerSecond: 3 });
    expect([1, 2, 3, 4].map(() => packets?.admit(1500, 0))).toEqual([true, true, true, false]);
    const bits = DoorLimits.of({ bitsPerSecond: 8000 });
    expect(bits?.admit(999, 0)).toBe(true);
    expect(bits?.isClosed(0)).toBe(false);
    expect(bits?.admit(1, 0)).toBe(true);
    expect([bits?.isClosed(0), bits?.admit(1, 0)]).toEqual([true, false]);
    expect(bits?.isClosed(1)).toBe(false);
  });

  // `--max-bps 1000` passed nothing for ever, since no packet was as small as that.
  test('let one packet pass now and then where they are below its size', () => {
    const bits = DoorLimits.of({ bitsPerSecond: 1000 });
    const passed = Array.from({ length: 121 }, (_, second) => bits?.admit(1500, second * 1000)).filter(Boolean).length;
    expect(passed).toBe(1 + 120 / 12);
  });

  test('hold each on its own: one that is used up closes the door', () => {
    const limits = { packetsPerSecond: 2, bitsPerSecond: 80_000 };
    const door = DoorLimits.of(limits);
    expect([1, 2].map(() => door?.admit(10, 0))).toEqual([true, true]);
    expect([door?.isClosed(0), door?.admit(10, 0)]).toEqual([true, false]);
    const wide = DoorLimits.of({ packetsPerSecond: 100, bitsPerSecond: 80 });
    expect([wide?.admit(10, 0), wide?.isClosed(0), wide?.admit(1, 0)]).toEqual([true, true, false]);
  });
});

describe('cookies', () => {
  const cookieOf = (baker: CookieBaker, nowMs: number, address = '192.0.2.1', port = 1): string =>
    Buffer.from(baker.cookieOf(packed(address, port), 0, nowMs)).toString('hex');

  test('are those of an address and port, for two minutes', () => {
    const baker = new CookieBaker(new SeededRandom(1).bytes);
    const first = cookieOf(baker, 1000);
    expect(first).toHaveLength(32);
    expect(cookieOf(baker, 120_999)).toBe(first);
    expect(cookieOf(baker, 2000, '192.0.2.2')).not.toBe(first);
    expect(cookieOf(baker, 2000, '192.0.2.1', 2)).not.toBe(first);
    expect(cookieOf(baker, 121_000)).not.toBe(first);
  });
});

describe('secrets', () => {
  test('are equal if all their bytes are, wherever they lie', () => {
    const secret = Uint8Array.from({ length: 20 }, (_, i) => i * 7);
    const shifted = Uint8Array.of(9, 9, ...secret, 9);
    expect(equalSecrets(secret, 0, shifted, 2, 20)).toBe(true);
    for (let i = 0; i < 20; i++)
      for (const bit of [1, 128]) {
        const other = Uint8Array.from(shifted);
        other[2 + i] = (other[2 + i] ?? 0) ^ bit;
        expect(equalSecrets(secret, 0, other, 2, 20)).toBe(false);
        expect(equalSecrets(other, 2, secret, 0, i)).toBe(true);
      }
  });

  test('are not equal where one ends early', () => {
    expect(equalSecrets(new Uint8Array(16), 0, new Uint8Array(15), 0, 16)).toBe(false);
    expect(equalSecrets(new Uint8Array(15), 0, new Uint8Array(16), 0, 16)).toBe(false);
    expect(equalSecrets(new Uint8Array(15), 0, new Uint8Array(15), 0, 16)).toBe(false);
  });
});

describe('timestamps', () => {
  test.each([
    [0, '400000000000000000000000'],
    [1000, '400000000000000100000000'],
    [1001, '4000000000000001000f4240'],
    [1_790_000_000_999, '400000006ab13b803b8b87c0'],
  ])('of %d ms since 1970 are TAI64N', (wallMs, hex) => {
    const written = writeTimestamp(timestampOf(wallMs));
    expect(Buffer.from(written).toString('hex')).toBe(hex);
    expect(readTimestamp(written)).toBe(timestampOf(wallMs));
    expect(readTimestamp(Uint8Array.of(5, 5, ...written).subarray(2))).toBe(timestampOf(wallMs));
  });

  test('grow with every part of a ms', () => {
    const times = [0, 0.5, 1, 999, 999.999, 1000, 1000.001, 1e12, 1e12 + 1];
    const timestamps = times.map(timestampOf);
    expect([...timestamps].sort((a, b) => (a < b ? -1 : 1))).toEqual(timestamps);
    expect(new Set(timestamps).size).toBe(times.length);
  });
});
