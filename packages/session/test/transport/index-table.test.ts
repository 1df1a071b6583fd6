import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IndexTable, shardByteOf } from '../../src/transport/index-table.js';
import { SeededRandom } from '../simulation/seeded-random.js';

describe('the table of session indices', () => {
  test('finds what is in it and nothing else, as a map does', () => {
    fc.assert(
      fc.property(
        fc.nat(255),
        fc.constantFrom(16, 256, 1000, 100_000),
        fc.array(fc.oneof(fc.constant('add' as const), fc.nat(20)), { maxLength: 100 }),
        (shardByte, capacity, steps) => {
          const table = new IndexTable<number>(capacity, new SeededRandom(1).bytes);
          const model = new Map<number, number>();
          for (const [number, step] of steps.entries()) {
            if (step === 'add') {
              const index = table.take(shardByte);
              expect(index === undefined).toBe(model.size >= capacity);
              if (index === undefined) continue;
              expect(model.has(index)).toBe(false);
              expect(shardByteOf(index)).toBe(shardByte);
              table.set(index, number);
              model.set(index, number);
            } else {
              const index = [...model.keys()][step];
              if (index === undefined) continue;
              table.remove(index);
              model.delete(index);
              expect(table.at(index)).toBeUndefined();
            }
            for (const [index, entry] of model) expect(table.at(index)).toBe(entry);
            expect(table.size).toBe(model.size);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('gives an index of a past life rarely to another: the bits above the slot are random', () => {
    const random = new SeededRandom(2).bytes;
    const lives = Array.from({ length: 100 }, () => new IndexTable<number>(100, random).take(7));
    expect(new Set(lives).size).toBe(100);
  });

  test('does not take removing an unknown index amiss', () => {
    const table = new IndexTable<number>(4, new SeededRandom(3).bytes);
    const index = table.take(0) ?? 0;
    table.remove(index + 4);
    expect(table.size).toBe(1);
    table.remove(index);
    table.remove(index);
    expect(table.size).toBe(0);
  });
});
