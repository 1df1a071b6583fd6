import { HealthMonitor, type Health } from './health.js';
import { repeat, type FaultLog } from './periodic.js';

/** `loaded`: busy, strangers have to wait. `overloaded`: nobody new is let in. */
export type LoadState = 'normal' | 'loaded' | 'overloaded';

const LOOK_EVERY_MS = 1000;

/** From which share of busy time a process counts as loaded: what is left must do for bursts. */
const LOADED_UTILIZATION = 0.85;
const OVERLOADED_UTILIZATION = 0.97;
/** Beyond this delay datagrams wait longer in the process than on most paths. */
const OVERLOADED_DELAY_MS = 100;

/**
 * Looks at the process once a second and tells how loaded it is; what goes wrong in that is logged.
 */
export class LoadMonitor {
  readonly #monitor = new HealthMonitor();
  readonly #end: () => void;
  #health: Health;
  #state: LoadState = 'normal';

  constructor(log: FaultLog, changed: (state: LoadState, health: Health) => void) {
    this.#health = this.#monitor.look();
    this.#end = repeat(log, 'the look at the load', LOOK_EVERY_MS, () => {
      this.#health = this.#monitor.look();
      const state = loadState(this.#health);
      if (state === this.#state) return;
      changed(state, this.#health);
      this.#state = state;
    });
  }

  /** Over the last second. */
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

/** How loaded a process with these figures is. */
export function loadState({ eventLoopUtilization, eventLoopDelayMs }: Health): LoadState {
  if (eventLoopUtilization >= OVERLOADED_UTILIZATION && eventLoopDelayMs >= OVERLOADED_DELAY_MS) return 'overloaded';
  return eventLoopUtilization >= LOADED_UTILIZATION ? 'loaded' : 'normal';
}
