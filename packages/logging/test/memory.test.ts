import { describe, expect, test } from '@jest/globals';
import { MemoryReader } from '../src/index.js';
import { measureEach, type Measured } from '../src/metrics.js';
import { until } from './support/until.js';

const noDescriptor = (): never => {
  throw Object.assign(new Error('EMFILE: too many open files, uv_resident_set_memory'), { code: 'EMFILE' });
};

describe('memory figures', () => {
  test('memory figures keep the last resident figure while it cannot be read, and follow it again afterwards', () => {
    const answers = [
      () => ({ rss: 7, heapUsed: 2, external: 1 }),
      noDescriptor,
      () => ({ rss: 9, heapUsed: 3, external: 1 }),
    ];
    const reader = new MemoryReader(() => (answers.shift() ?? noDescriptor)());
    expect(reader.read()).toEqual({ rss: 7, heapUsed: 2, external: 1 });
    const without = reader.read();
    expect(without.rss).toBe(7);
    expect(without.heapUsed).toBeGreaterThan(1 << 20); // V8 tells it without a descriptor
    expect(reader.read().rss).toBe(9);
  });

  test('memory figures have the peak of the process if the resident figure could never be read', () => {
    const before = process.resourceUsage().maxRSS * 1024;
    const { rss } = new MemoryReader(noDescriptor).read();
    const after = process.resourceUsage().maxRSS * 1024; // it may have grown
    expect(rss).toBeGreaterThanOrEqual(before);
    expect(rss).toBeLessThanOrEqual(after);
  });
});

describe('the timer of the metrics', () => {
  test('the timer of the metrics goes on if the memory of the process cannot be read', async () => {
    const told: Measured[] = [];
    const end = measureEach(10, { tell: (measured) => told.push(measured), failed: raise, memory: noDescriptor });
    await until(() => told.length >= 3);
    end();
    for (const { process } of told) expect(process.residentBytes).toBeGreaterThan(0);
  });

  test('the timer of the metrics goes on after its callback has thrown, and reports it each time', async () => {
    const faults: unknown[] = [];
    const end = measureEach(10, { tell: () => raise('no room'), failed: (error) => faults.push(error) });
    await until(() => faults.length >= 3);
    expect(end).not.toThrow();
    expect(faults[0]).toEqual(new Error('no room'));
  });
});

function raise(problem: unknown): never {
  throw new Error(String(problem));
}
