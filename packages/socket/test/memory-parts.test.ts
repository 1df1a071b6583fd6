import { describe, expect, test } from '@jest/globals';
import { Link, PERFECT_LINK, type LinkConditions } from '../src/testing/link.js';
import { MemoryClock } from '../src/testing/memory-clock.js';
import { MemoryNat, type NatOptions } from '../src/testing/nat.js';
import { MemoryNetwork } from '../src/testing/index.js';
import { Random } from '../src/testing/random.js';

describe('the clock of a simulation', () => {
  test.each([1, 2, 3])(
    'runs events in the order of their time, and then in the order of their scheduling (seed %d)',
    (seed) => {
      const random = new Random(seed);
      const clock = new MemoryClock();
      const expected: { readonly dueMs: number; readonly name: number }[] = [];
      const ran: { readonly dueMs: number; readonly name: number }[] = [];
      for (let name = 0; name < 300; name++) {
        const dueMs = Math.floor(random.next() * 50);
        const cancel = clock.schedule(dueMs, () => ran.push({ dueMs: clock.nowMs, name }));
        if (random.next() < 0.2) cancel();
        else expected.push({ dueMs, name });
      }
      expected.sort((a, b) => a.dueMs - b.dueMs);
      expect(clock.nextMs).toBe(expected[0]?.dueMs);
      clock.advance(20);
      expect([ran, clock.nowMs]).toEqual([expected.filter(({ dueMs }) => dueMs <= 20), 20]);
      clock.runUntilIdle();
      expect(ran).toEqual(expected);
      expect([clock.nextMs, clock.nowMs]).toEqual([Infinity, expected.at(-1)?.dueMs]);
    },
  );

  test('runs an event that is scheduled for the current time after the current one, and takes no negative delay', () => {
    const clock = new MemoryClock();
    const ran: string[] = [];
    clock.schedule(5, () => {
      clock.schedule(0, () => ran.push(`inner ${clock.nowMs}`));
      clock.schedule(-10, () => ran.push(`past ${clock.nowMs}`));
      ran.push('outer');
    });
    clock.advance(5);
    expect(ran).toEqual(['outer', 'inner 5', 'past 5']);
  });

  test('throws if events never end, but not if they end just in time', () => {
    const clock = new MemoryClock();
    clock.schedule(100, () => undefined);
    expect(() => clock.runUntilIdle(99)).toThrow('not idle after 99 ms');
    expect(() => clock.runUntilIdle(100)).not.toThrow();
    clock.schedule(3_600_000, () => undefined);
    expect(() => clock.runUntilIdle()).not.toThrow();
    clock.schedule(3_600_001, () => undefined);
    expect(() => clock.runUntilIdle()).toThrow('not idle after 3600000 ms');
  });

  test('cancels an event once, and cancels no other by a second call', () => {
    const clock = new MemoryClock();
    const ran: string[] = [];
    const cancel = clock.schedule(1, () => ran.push('cancelled'));
    clock.schedule(1, () => ran.push('stays'));
    cancel();
    cancel();
    clock.runUntilIdle();
    cancel();
    expect(ran).toEqual(['stays']);
  });

  test('advances by itself if asked to', async () => {
    const clock = new MemoryClock('auto');
    const ran: number[] = [];
    await new Promise<void>((resolve) => {
      for (const ms of [30, 10, 20]) clock.schedule(ms, () => ran.push(clock.nowMs));
      clock.schedule(1e9, resolve);
    });
    expect(ran).toEqual([10, 20, 30]);
  });
});

describe('the link between two hosts', () => {
  const way = (conditions: Partial<LinkConditions>, clock = new MemoryClock(), seed = 1): Link =>
    new Link({ ...PERFECT_LINK, ...conditions }, clock, new Random(seed));

  test('takes its delay, and no longer if it has no rate', () => {
    expect(way({}).delaysOf(1e9)).toEqual([0]);
    expect(way({ delayMs: 7 }).delaysOf(1500)).toEqual([7]);
  });

  test('sends one packet after the other at its rate, and counts the waiting ones against its queue', () => {
    const clock = new MemoryClock();
    const link = way({ bytesPerSecond: 1000, queueBytes: 300, delayMs: 5 }, clock);
    expect(link.delaysOf(100)).toEqual([105]);
    expect(link.delaysOf(100)).toEqual([205]);
    expect(link.delaysOf(101)).toEqual([]);
    expect(link.delaysOf(100)).toEqual([305]);
    expect(link.delaysOf(1)).toEqual([]);
    clock.advance(150);
    expect(link.delaysOf(150)).toEqual([305]);
    clock.advance(10_000);
    expect(link.delaysOf(300)).toEqual([305]);
    clock.advance(10_000);
    expect(link.delaysOf(301)).toEqual([]);
  });

  test('holds some packets back by 20 ms, so that others overtake, and keeps the order of the rest', () => {
    const held = way({ reorderRate: 1, delayMs: 5 });
    expect(held.delaysOf(1)).toEqual([25]);
    const clock = new MemoryClock();
    const link = way({ jitterMs: 40, delayMs: 10 }, clock);
    let last = 0;
    const extra: number[] = [];
    for (let i = 0; i < 300; i++) {
      const [delay = -1] = link.delaysOf(1);
      const arrival = clock.nowMs + delay;
      expect(arrival).toBeGreaterThanOrEqual(last);
      expect(delay).toBeGreaterThanOrEqual(10);
      extra.push(delay - 10);
      last = arrival;
      clock.advance(100);
    }
    expect(Math.min(...extra)).toBeLessThan(4);
    expect(Math.max(...extra)).toBeGreaterThan(36);
    expect(Math.max(...extra)).toBeLessThan(40);
  });

  test('loses and duplicates packets at the given rates', () => {
    const counts = { 0: 0, 1: 0, 2: 0 };
    const link = way({ lossRate: 0.3, duplicateRate: 0.25 });
    for (let i = 0; i < 4000; i++) counts[link.delaysOf(1).length as 0 | 1 | 2]++;
    expect(counts[0] / 4000).toBeCloseTo(0.3, 1);
    expect(counts[2] / (counts[1] + counts[2])).toBeCloseTo(0.25, 1);
    expect(way({ lossRate: 1 }).delaysOf(1)).toEqual([]);
    expect(way({ duplicateRate: 1 }).delaysOf(1)).toEqual([0, 0]);
    const clock = new MemoryClock();
    const later = way({ duplicateRate: 1, delayMs: 4 }, clock);
    clock.advance(1000);
    expect(later.delaysOf(1)).toEqual([4, 4]);
  });
});

describe('the random generator of a simulation', () => {
  test('is uniform, the same for the same seed, and draws no number for a certain outcome', () => {
    const random = new Random(5);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) {
      const tenth = Math.floor(random.next() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
    const [one, other] = [new Random(9), new Random(9)];
    expect([one.chance(0), one.chance(1)]).toEqual([false, true]);
    expect(one.next()).toBe(other.next());
    one.chance(0.5);
    other.next();
    expect(one.next()).toBe(other.next());
    // A seed that a failing test has printed must give the same sequence for ever.
    const first = new Random(1);
    expect([1, 2, 3].map(() => first.next() * 2 ** 32)).toEqual([1_580_013_426, 350_525_680, 3_524_174_333]);
    expect(new Random(10).next()).not.toBe(new Random(9).next());
  });
});

describe('the mappings of a NAT', () => {
  const nat = (options: Partial<NatOptions> = {}, clock = new MemoryClock()) => ({
    clock,
    nat: new MemoryNat({ outside: '203.0.113.1', ...options }, clock),
  });
  const inside = { address: '10.0.0.2', port: 5 };
  const host = (last: number, port = 9) => ({ address: `192.0.2.${last}`, port });

  test('live for 30 s by default, counted from the last datagram from inside', () => {
    const { nat: translator, clock } = nat();
    const { port } = translator.translateOut(inside, host(1));
    clock.advance(29_999);
    expect(translator.translateIn(host(1), port)).toEqual(inside);
    translator.translateOut(inside, host(1));
    clock.advance(29_999);
    expect([translator.translateIn(host(1), port), translator.size]).toEqual([inside, 1]);
    clock.advance(1);
    expect([translator.translateIn(host(1), port), translator.size]).toEqual([undefined, 0]);
    expect(translator.translateOut(inside, host(1)).port).not.toBe(port);
  });

  test('have a port for each source, and pass no datagram on another port', () => {
    const { nat: translator } = nat({ filtering: 'none' });
    const ports = [1, 2, 3].map((port) => translator.translateOut({ ...inside, port }, host(1)).port);
    expect(new Set(ports).size).toBe(3);
    expect(ports.map((port) => translator.translateIn(host(7), port)?.port)).toEqual([1, 2, 3]);
    expect(translator.translateIn(host(1), Math.max(...ports) + 1)).toBeUndefined();
    translator.rebind();
    expect([translator.size, ...ports.map((port) => translator.translateIn(host(1), port))]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each([
    ['endpoint', [true, false, false]],
    ['address', [true, true, false]],
    ['none', [true, true, true]],
    [undefined, [true, false, false]],
  ] as const)('filter datagrams by %s', (filtering, expected) => {
    const { nat: translator } = nat(filtering === undefined ? {} : { filtering });
    const { port } = translator.translateOut(inside, host(1));
    const sources = [host(1), host(1, 10), host(2)];
    expect(sources.map((source) => translator.translateIn(source, port) !== undefined)).toEqual(expected);
  });
});

describe('the hosts of a network in memory', () => {
  test('choose free ports from 32,768 on, skip taken ones, and begin again at the end', async () => {
    const host = new MemoryNetwork().host('192.0.2.1');
    const open = async (port: number) => {
      const socket = host.createSocket({ local: { address: '192.0.2.1', port } });
      await socket.open();
      return socket;
    };
    const taken = await open(32_769);
    const [first, second] = [await open(0), await open(0)];
    expect([first.local.port, second.local.port]).toEqual([32_768, 32_770]);
    await Promise.all([first.close(), second.close()]);
    for (let port = 32_771; port < 65_536; port++) await (await open(0)).close();
    expect((await open(0)).local.port).toBe(32_768);
    expect((await open(0)).local.port).toBe(32_770);
    await taken.close();
  });

  test('send from an address of the family of the destination', () => {
    const host = new MemoryNetwork().host(['192.0.2.1', '2001:db8::1', '192.0.2.2']);
    expect(host.addressFor('198.51.100.1')).toBe('192.0.2.1');
    expect(host.addressFor('2001:db8::9')).toBe('2001:db8::1');
    expect(host.addressFor('192.0.2.2')).toBe('192.0.2.2');
    expect(host.addressFor('127.0.0.1')).toBe('127.0.0.1');
    expect(host.addressFor('::1')).toBe('::1');
    const four = new MemoryNetwork().host('192.0.2.1');
    expect(four.addressFor('2001:db8::9')).toBeUndefined();
  });

  test('have their own loopback addresses', () => {
    const network = new MemoryNetwork();
    network.host('192.0.2.1');
    expect(() => network.host('192.0.2.1')).toThrow('another host has 192.0.2.1');
    expect(() => network.host('example')).toThrow('not an IP address: example');
  });
});
