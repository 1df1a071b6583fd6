import { monitorEventLoopDelay, performance, type IntervalHistogram } from 'node:perf_hooks';
import { MemoryReader, type MemoryUsage } from './memory.js';

/** The figures of the process in each record of the metrics log. */
export interface ProcessMetrics {
  readonly uptimeMs: number;
  /**
   * Processor time of the interval, all threads, in milliseconds; divided by the interval it is the
   * number of busy cores.
   */
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  /** The last figure that could be read: see {@link MemoryUsage.rss}. */
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  /** Memory outside of the JavaScript heap that it holds, buffers above all. */
  readonly externalBytes: number;
  /** How late the event loop's timers were in the interval, in milliseconds. */
  readonly eventLoopDelayMs: {
    readonly mean: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
}

/** The figures of one interval, and its length. */
export interface Measured {
  readonly intervalMs: number;
  readonly process: ProcessMetrics;
}

/** The calls that {@link measureEach} makes, and its source of figures. */
export interface Measurement {
  readonly tell: (measured: Measured) => void;
  /** Takes the error that a measurement threw; the next measurement follows as usual. */
  readonly failed: (error: unknown) => void;
  /** Where memory figures come from; the process if not given. */
  readonly memory?: () => MemoryUsage;
}

/**
 * Reports the figures of each interval, and those of a last one, which may be shorter, when the
 * returned function is called. Neither the timer nor that function throws. The timer does not keep
 * the process alive.
 *
 * @param intervalMs At most 2^31 - 1, what a timer can wait; the caller has checked it.
 */
export function measureEach(intervalMs: number, { tell, failed, memory }: Measurement): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const reader = new MemoryReader(memory);
  let lastMs = performance.now();
  let lastCpu = process.cpuUsage();
  const measure = (): void => {
    const nowMs = performance.now();
    const cpu = process.cpuUsage();
    const cpuMs = { user: (cpu.user - lastCpu.user) / 1000, system: (cpu.system - lastCpu.system) / 1000 };
    const measured = {
      intervalMs: Math.round(nowMs - lastMs),
      process: metricsOf(cpuMs, delay, reader.read()),
    };
    lastMs = nowMs;
    lastCpu = cpu;
    delay.reset();
    tell(measured);
  };
  const measureSafely = (): void => {
    try {
      measure();
    } catch (error) {
      failed(error);
    }
  };
  const timer = setInterval(measureSafely, intervalMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    measureSafely();
    delay.disable();
  };
}

function metricsOf(
  cpuMs: { user: number; system: number },
  delay: IntervalHistogram,
  { rss, heapUsed, external }: MemoryUsage,
): ProcessMetrics {
  return {
    uptimeMs: Math.round(performance.now()),
    cpuUserMs: Math.round(cpuMs.user),
    cpuSystemMs: Math.round(cpuMs.system),
    residentBytes: rss,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    eventLoopDelayMs: {
      mean: late(delay.mean),
      p50: late(delay.percentile(50)),
      p99: late(delay.percentile(99)),
      max: late(delay.max),
    },
  };
}

// The histogram's timer; its samples are the time from one tick to the next, so this much of each
// is no delay.
const RESOLUTION_MS = 10;

function late(nanoseconds: number): number {
  const ms = nanoseconds / 1e6 - RESOLUTION_MS;
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms * 100) / 100) : 0;
}

const COUNT = { type: 'integer', minimum: 0 } as const;
const TIME_MS = { type: 'number', minimum: 0 } as const;

/**
 * JSON Schema (draft 2020-12) of one line of the metrics log; the program's own fields stand beside
 * these.
 */
export const METRICS_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'One record of the metrics log',
  type: 'object',
  required: ['time', 'intervalMs', 'lostLogLines', 'process'],
  properties: {
    time: { type: 'string', format: 'date-time', description: 'the end of the interval, UTC' },
    intervalMs: { ...TIME_MS, description: 'the time since the record before' },
    lostLogLines: { ...COUNT, description: 'lines of all logs that could not be written, since the start' },
    process: {
      type: 'object',
      required: [
        'uptimeMs',
        'cpuUserMs',
        'cpuSystemMs',
        'residentBytes',
        'heapUsedBytes',
        'externalBytes',
        'eventLoopDelayMs',
      ],
      properties: {
        uptimeMs: COUNT,
        cpuUserMs: { ...COUNT, description: 'in the interval, all threads' },
        cpuSystemMs: { ...COUNT, description: 'in the interval, all threads' },
        residentBytes: COUNT,
        heapUsedBytes: COUNT,
        externalBytes: COUNT,
        eventLoopDelayMs: {
          type: 'object',
          description: 'how late timers were in the interval',
          required: ['mean', 'p50', 'p99', 'max'],
          properties: { mean: TIME_MS, p50: TIME_MS, p99: TIME_MS, max: TIME_MS },
        },
      },
    },
  },
} as const;
