import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Contender } from './timing.js';

/**
 * Bytes of heap per operation, and the number of collections. If an operation allocates, millions
 * of them cause a collection.
 */
export interface Allocation {
  readonly bytesPerOperation: number;
  readonly collections: number;
}

/**
 * Measures over `operations` operations, after as many to warm up, that V8's heap did not grow and
 * was not collected.
 */
export async function measureAllocation(contender: Contender, operations: number): Promise<Allocation> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  contender.run(operations);
  collect();
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  await setTimeout(10);
  observer.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage().heapUsed;
  contender.run(operations);
  const after = process.memoryUsage().heapUsed;
  await setTimeout(10);
  observer.disconnect();
  return { bytesPerOperation: (after - before) / operations, collections };
}
