import { describe, expect, test } from '@jest/globals';
import { createSocket } from '@relay/socket';
import fc from 'fast-check';
import {
  defaultStatePath,
  dropLines,
  healthLine,
  HealthMonitor,
  loadState,
  packetDirections,
  packetFigures,
  Rates,
  trafficLines,
  type DirectionFigures,
} from '../src/index.js';

describe('Rates', () => {
  test('are per second over the time since the last call, and zero at the first', () => {
    const rates = new Rates();
    expect(rates.perSecond({ a: 100, b: 5 }, 1000)).toEqual({ a: 0, b: 0 });
    expect(rates.perSecond({ a: 150, b: 5, c: 9 }, 1500)).toEqual({ a: 100, b: 0, c: 0 });
    expect(rates.perSecond({ a: 150, c: 10 }, 3500)).toEqual({ a: 0, c: 0.5 });
  });

  test('are zero, never infinite or negative, where no time passed or counters began again at zero', () => {
    const counts = fc.record({ a: fc.nat(), b: fc.nat() });
    fc.assert(
      fc.property(fc.array(fc.tuple(counts, fc.nat(5000)), { minLength: 2 }), (looks) => {
        const rates = new Rates();
        let nowMs = 0;
        for (const [seen, passedMs] of looks)
          for (const rate of Object.values(rates.perSecond(seen, (nowMs += passedMs)))) {
            expect(Number.isFinite(rate)).toBe(true);
            expect(rate).toBeGreaterThanOrEqual(0);
          }
      }),
    );
  });
});

const direction = (figures: Partial<DirectionFigures>): DirectionFigures => ({
  ...{ inDatagrams: 0, inBytes: 0, outDatagrams: 0, outBytes: 0, drops: {} },
  ...figures,
});

describe('trafficLines', () => {
  test('shows each direction with its rates since the last call', () => {
    const rates = new Rates();
    const lines = (datagrams: number, nowMs: number): string[] =>
      trafficLines(
        {
          'to targets': direction({
            outDatagrams: datagrams,
            outBytes: datagrams * 125,
            drops: { loop: 2, closed: 1 },
          }),
        },
        rates,
        nowMs,
      );
    lines(0, 0);
    const [header, row] = lines(2000, 2000);
    expect(header?.trim().split(/\s{2,}/)).toEqual(['datagrams', 'bytes', 'rate', 'throughput', 'dropped']);
    expect(row).toMatch(/^to targets +2000 .*1\.00 k\/s|^to targets +2000 /);
    expect(row).toMatch(/1(\.0+)? ?Mbit\/s +3$/);
  });

  test('shows no drops where nothing was dropped', () => {
    expect(dropLines({ 'to targets': {}, packets: {} })).toEqual([]);
  });

  test('names each drop reason', () => {
    const lines = dropLines({ 'to targets': { loop: 2 }, packets: { replayed: 10, 'bad-mac1': 1 } });
    expect(lines.map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['dropped:'],
      ['to targets', 'loop', '2'],
      ['packets', 'replayed', '10'],
      ['packets', 'bad-mac1', '1'],
    ]);
  });
});

describe('packetFigures', () => {
  test('returns the counts of the socket', async () => {
    const socket = createSocket({ engine: 'dgram', local: { address: '127.0.0.1', port: 0 } });
    await socket.open();
    const received = new Promise<void>((resolve) => {
      socket.onReceive = () => resolve();
    });
    socket.send(new Uint8Array(10), socket.local);
    await received;
    const packets = packetFigures(socket, { replayed: 2 });
    expect(packets).toMatchObject({ in: 1, inBytes: 10, out: 1, outBytes: 10, unsent: 0, drops: { replayed: 2 } });
    const { 'packets in': incoming, 'packets out': outgoing } = packetDirections({ ...packets, unsent: 3 });
    expect(incoming).toMatchObject({ outDatagrams: 1, outBytes: 10, drops: { replayed: 2 } });
    expect(outgoing).toMatchObject({ outDatagrams: 1, outBytes: 10, drops: { unsent: 3 } });
    await socket.close();
  });
});

describe('the health of a process', () => {
  const health = { eventLoopDelayMs: 1.25, eventLoopUtilization: 0.5, cpu: 1.5, memoryBytes: 64 << 20, heapBytes: 1 };

  test.each([
    [0.1, 0, 'normal'],
    [0.84, 500, 'normal'],
    [0.85, 0, 'loaded'],
    [0.97, 99, 'loaded'],
    [1, 100, 'overloaded'],
    [0.97, 100, 'overloaded'],
  ])('that is busy for %p of the time and %p ms late is %s', (eventLoopUtilization, eventLoopDelayMs, state) => {
    expect(loadState({ ...health, eventLoopUtilization, eventLoopDelayMs })).toBe(state);
  });

  test('is formatted as one line', () => {
    expect(healthLine(health)).toMatch(/^cpu 150 % +event loop 50 % busy, 1\.3 ms late \(p99\) +memory 64(\.0)? ?MiB$/);
  });

  test('covers the time since the last measurement', () => {
    const monitor = new HealthMonitor();
    monitor.measure();
    const untilMs = performance.now() + 30;
    while (performance.now() < untilMs) Math.sqrt(untilMs);
    const measured = monitor.measure();
    monitor.close();
    expect(measured.cpu).toBeGreaterThan(0);
    expect(measured.memoryBytes).toBeGreaterThan(measured.heapBytes);
    for (const figure of Object.values(measured)) expect(figure).toBeGreaterThanOrEqual(0);
  });
});

describe('the health of a process without a file descriptor', () => {
  const noDescriptor = (): never => {
    throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' });
  };

  test('keeps the last memory figure that could be read', () => {
    const answers = [() => ({ rss: 7, heapUsed: 2, external: 1 })];
    const monitor = new HealthMonitor(() => (answers.shift() ?? noDescriptor)());
    expect(monitor.measure()).toMatchObject({ memoryBytes: 7, heapBytes: 2 });
    expect(monitor.measure().memoryBytes).toBe(7);
    monitor.close();
  });
});

describe('defaultStatePath', () => {
  test.each([
    [{ XDG_STATE_HOME: '/var/state' }, /^\/var\/state\/relay$/],
    [{}, /\/\.local\/state\/relay$/],
    [{ XDG_STATE_HOME: '' }, /\/\.local\/state\/relay$/],
    [{ XDG_STATE_HOME: 'relative' }, /^\/.*\/\.local\/state\/relay$/],
  ])('finds the folder for %j', (environment, expected) => {
    expect(defaultStatePath(environment)).toMatch(expected);
  });
});
