import { MemoryReader, type MemoryUsage } from '@relay/logging';
import { monitorEventLoopDelay, performance, type EventLoopUtilization } from 'node:perf_hooks';

/** The health of the process over the time since the last measurement. */
export interface Health {
  /** Event-loop delay at the 99th percentile, in ms beyond the sampling interval. */
  readonly eventLoopDelayMs: number;
  /** The share of time in which the event loop was busy, 0 to 1. */
  readonly eventLoopUtilization: number;
  /** CPU time used per second of wall time; 1 is one core. */
  readonly cpu: number;
  /**
   * Resident memory in bytes. If no file descriptor is left to read it, this is the last known
   * figure.
   */
  readonly memoryBytes: number;
  readonly heapBytes: number;
}

const SAMPLING_MS = 20;

/** Watches the event loop, CPU and memory of this process. */
export class HealthMonitor {
  readonly #memory: MemoryReader;
  readonly #delay = monitorEventLoopDelay({ resolution: SAMPLING_MS });
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();
  #cpu = process.cpuUsage();
  #lookedAtMs = performance.now();

  /** `memory` returns the memory figures and may throw. By default they come from the process. */
  constructor(memory?: () => MemoryUsage) {
    this.#memory = new MemoryReader(memory);
    this.#delay.enable();
  }

  /** Returns the figures since the last call and begins the next period. Never throws. */
  measure(): Health {
    const nowMs = performance.now();
    const utilization = performance.eventLoopUtilization(this.#utilization);
    const cpu = process.cpuUsage(this.#cpu);
    const { rss, heapUsed } = this.#memory.read();
    const health = {
      eventLoopDelayMs: Math.max(0, this.#delay.percentile(99) / 1e6 - SAMPLING_MS),
      eventLoopUtilization: utilization.utilization,
      cpu: (cpu.user + cpu.system) / 1e3 / Math.max(1, nowMs - this.#lookedAtMs),
      memoryBytes: rss,
      heapBytes: heapUsed,
    };
    this.#delay.reset();
    this.#utilization = performance.eventLoopUtilization();
    this.#cpu = process.cpuUsage();
    this.#lookedAtMs = nowMs;
    return health;
  }

  close(): void {
    this.#delay.disable();
  }
}
