import { MemoryReader, type MemoryUsage } from '@relay/logging';
import { monitorEventLoopDelay, performance, type EventLoopUtilization } from 'node:perf_hooks';

/** How the process itself fares, over the time since the last look. */
export interface Health {
  /** Event-loop delay at the 99th percentile, in ms beyond the sampling interval. */
  readonly eventLoopDelayMs: number;
  /** The share of time in which the event loop was busy, 0 to 1. */
  readonly eventLoopUtilization: number;
  /** CPU time used per second of wall time; 1 is one core. */
  readonly cpu: number;
  /**
   * Resident memory in bytes; the last figure that could be read where no file descriptor is left.
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

  /** `memory` is where memory figures come from, and may throw; the process if not given. */
  constructor(memory?: () => MemoryUsage) {
    this.#memory = new MemoryReader(memory);
    this.#delay.enable();
  }

  /** The figures since the last call; a call begins the next period. Never throws. */
  look(): Health {
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
