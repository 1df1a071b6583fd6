import type { BenchmarkOptions, Measurement } from '../case.js';

/**
 * A contender: `run` does its work `operations` times and returns something that depends on all of
 * it.
 */
export interface Contender {
  readonly subject: string;
  readonly run: (operations: number) => number;
}

const ROUNDS = 9;
const BATCH_MS = 20;

/** All results are added here, so that the compiler cannot remove the work. */
let sink = 0;

/**
 * Lets contenders take turns in short batches and takes the median of each one, so that other work
 * on the machine affects all of them equally. Ratios are against the first contender.
 */
export function compare(contenders: readonly Contender[], { seconds, smoke }: BenchmarkOptions): Measurement[] {
  const batchMs = smoke ? 1 : Math.max(BATCH_MS, (seconds * 1000) / ROUNDS / contenders.length);
  const batches = contenders.map((contender) => ({
    contender,
    operations: warmUp(contender, batchMs),
    rates: [] as number[],
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { contender, operations, rates } of batches) rates.push(rateOf(contender, operations));
  }
  const medians = batches.map(({ rates }) => median(rates));
  return contenders.map(({ subject }, i) => {
    return {
      subject,
      value: medians[i] ?? 0,
      unit: 'operations/s of CPU',
      ratio: (medians[i] ?? 0) / (medians[0] ?? 1),
    };
  });
}

/** Turns rates per second into the time of one operation, and turns the ratios accordingly. */
export function inMicroseconds(rates: readonly Measurement[]): Measurement[] {
  return rates.map(({ subject, value, ratio = 1 }) => ({
    subject,
    value: 1e6 / value,
    unit: 'µs of CPU',
    ratio: 1 / ratio,
  }));
}

/** Runs until the code is compiled. Returns how many operations fill a batch. */
function warmUp(contender: Contender, batchMs: number): number {
  let operations = 100;
  for (;;) {
    const milliseconds = (operations / rateOf(contender, operations)) * 1000;
    if (milliseconds >= batchMs) return Math.max(100, Math.round((operations * batchMs) / milliseconds));
    operations *= 2;
  }
}

/**
 * Returns the operations per second of processor time. Other work on the machine does not count.
 */
function rateOf(contender: Contender, operations: number): number {
  const before = process.cpuUsage();
  sink += contender.run(operations);
  const { user, system } = process.cpuUsage(before);
  if (Number.isNaN(sink)) throw new Error('a contender returned no number');
  return (operations / Math.max(1, user + system)) * 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
