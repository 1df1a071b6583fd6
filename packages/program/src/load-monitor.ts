import { HealthMonitor, type Health } from './health.js';
import { repeat, type FaultLog } from './periodic.js';

/**
 * In the state `loaded` the process is busy, and strangers have to wait. In the state `overloaded`
 * it admits no new client.
 */
export type LoadState = 'normal' | 'loaded' | 'overloaded';

const LOOK_EVERY_MS = 1000;

/** A process counts as loaded from this share of busy time. The rest is needed for bursts. */
const LOADED_UTILIZATION = 0.85;
const OVERLOADED_UTILIZATION = 0.97;
/** A longer event-loop delay than this holds a datagram back longer than most paths do. */
const OVERLOADED_DELAY_MS = 100;

/**
 * Measures the health of the process once a second and reports each change of the load. It logs
 * what fails.
 */
export class LoadMonitor {
  readonly #monitor = new HealthMonitor();
  readonly #end: () => void;
  #health: Health;
  #state: LoadState = 'normal';

  constructor(log: FaultLog, changed: (state: LoadState, health: Health) => void) {
    // Nothing has been measured yet: the time since the monitor was made has no idle part.
    this.#health = { ...this.#monitor.measure(), eventLoopDelayMs: 0, eventLoopUtilization: 0, cpu: 0 };
    this.#end = repeat(log, 'the look at the load', LOOK_EVERY_MS, () => {
      this.#health = this.#monitor.measure();
      const state = loadState(this.#health);
      if (state === this.#state) return;
      changed(state, this.#health);
      this.#state = state;
    });
  }

  /** The health over the last second. */
  get health(): Health {
    return this.#health;
  }

  get state(): LoadState {
    return this.#state;
  }

  close(): void {
    this.#end();
    this.#monitor.close();
  }
}

/** Returns the load of a process with these figures. */
export function loadState({ eventLoopUtilization, eventLoopDelayMs }: Health): LoadState {
  if (eventLoopUtilization >= OVERLOADED_UTILIZATION && eventLoopDelayMs >= OVERLOADED_DELAY_MS) return 'overloaded';
  return eventLoopUtilization >= LOADED_UTILIZATION ? 'loaded' : 'normal';
}
