import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PacketStatistics } from '../src/index.js';

describe('PacketStatistics', () => {
  test('PacketStatistics is empty at first', () => {
    const statistics = new PacketStatistics();
    expect(statistics.toJSON()).toMatchObject({
      packets: 0,
      bytes: 0,
      meanBytes: undefined,
      jitterMs: undefined,
      sizes: [],
    });
    expect(statistics.rate(1000)).toEqual({ packetsPerSecond: 0, bytesPerSecond: 0 });
    expect(statistics.oneWayDelay).toBeUndefined();
  });

  test('PacketStatistics counts packets, bytes and sizes', () => {
    const statistics = new PacketStatistics();
    for (const size of [0, 1, 3, 100, 127, 65_507]) statistics.add(size, 5);
    expect(statistics.toJSON()).toMatchObject({
      packets: 6,
      bytes: 65_738,
      leastBytes: 0,
      mostBytes: 65_507,
      firstMs: 5,
      lastMs: 5,
    });
    expect([statistics.packets, statistics.bytes]).toEqual([6, 65_738]);
    expect(statistics.sizes()).toEqual([
      { leastBytes: 0, mostBytes: 0, packets: 1 },
      { leastBytes: 1, mostBytes: 1, packets: 1 },
      { leastBytes: 2, mostBytes: 3, packets: 1 },
      { leastBytes: 64, mostBytes: 127, packets: 2 },
      { leastBytes: 32_768, mostBytes: 65_535, packets: 1 },
    ]);
  });

  test('PacketStatistics puts every size into the class that contains it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 65_535 }), (size) => {
        const statistics = new PacketStatistics();
        statistics.add(size, 0);
        const [sizeClass] = statistics.sizes();
        expect(sizeClass?.leastBytes).toBeLessThanOrEqual(size);
        expect(sizeClass?.mostBytes).toBeGreaterThanOrEqual(size);
      }),
    );
  });

  test('PacketStatistics takes the rate over the last ten seconds', () => {
    const statistics = new PacketStatistics();
    for (let ms = 0; ms < 30_000; ms += 10) statistics.add(200, ms);
    expect(statistics.rate(30_000).packetsPerSecond).toBeCloseTo(100, 6);
    expect(statistics.rate(30_000).bytesPerSecond).toBeCloseTo(20_000, 6);
    expect(statistics.rate(34_999).packetsPerSecond).toBeCloseTo(500 / 9.999, 1);
    expect(statistics.rate(60_000)).toEqual({ packetsPerSecond: 0, bytesPerSecond: 0 });
  });

  test('PacketStatistics takes the rate of a short stream over its length', () => {
    const statistics = new PacketStatistics();
    for (let i = 0; i < 50; i++) statistics.add(10, 5000 + i * 40);
    expect(statistics.rate(7000).packetsPerSecond).toBe(25);
  });

  test('PacketStatistics goes on counting when the clock goes back', () => {
    const statistics = new PacketStatistics();
    statistics.add(1, 5000);
    statistics.add(1, -2000);
    expect(statistics.rate(5000).packetsPerSecond).toBe(2);
  });

  test('PacketStatistics computes jitter as RFC 3550 A.8 does, for any difference of the clocks', () => {
    const transit = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 50 }));
    fc.assert(
      fc.property(fc.array(transit, { minLength: 2, maxLength: 50 }), fc.integer(), (steps, clockDifference) => {
        const statistics = new PacketStatistics();
        let sentMs = 0;
        let jitter = 0;
        let lastTransit: number | undefined;
        for (const [gap, delay] of steps) {
          sentMs += gap;
          statistics.add(100, sentMs + delay + clockDifference, sentMs);
          if (lastTransit !== undefined) jitter += (1 / 16) * (Math.abs(delay - lastTransit) - jitter);
          lastTransit = delay;
        }
        expect(statistics.jitterMs).toBeCloseTo(jitter, 6);
      }),
    );
  });

  test('PacketStatistics has the one-way delay of packets with a sending time', () => {
    const statistics = new PacketStatistics();
    statistics.add(1, 10, 4);
    statistics.add(1, 20);
    statistics.add(1, 30, 20);
    expect(statistics.oneWayDelay).toEqual({ leastMs: 6, meanMs: 8, mostMs: 10 });
  });
});
