/** What a program that runs stands in, and what its own work is given of that. */
import type { Logger, Logging } from '@relay/logging';
import { descriptorRoom, type DescriptorRoom } from '../descriptors/limit.js';
import { DescriptorReserve } from '../descriptors/reserve.js';
import type { Health } from '../health.js';
import { LoadMonitor, type LoadState } from '../load-monitor.js';
import { openLogs, type LogSettings } from '../logs.js';
import { repeat } from '../periodic.js';

/** How soon it is seen that something else has used up the file descriptors, in ms. */
const DESCRIPTOR_LOOK_MS = 1000;

/** Logs, the load of the process, spare file descriptors and periodic looks. */
export class Frame<Settings extends LogSettings = LogSettings> {
  readonly settings: Settings;
  readonly logs: Logging;
  /** Of the program as a whole. */
  readonly log: Logger;
  /** File descriptors at the start; undefined where that cannot be known. */
  readonly room: DescriptorRoom | undefined;
  readonly descriptors: DescriptorReserve;
  /** Called when the load has changed. */
  onLoad: (state: LoadState, health: Health) => void = () => undefined;
  /** What is said where file descriptors run out, and where there are some again. */
  descriptorWords = {
    short: 'no file descriptors left (ulimit -n, LimitNOFILE=)',
    enough: 'there are file descriptors again',
  };
  readonly #load: LoadMonitor;
  readonly #looks: (() => void)[] = [];

  /** Opens the logs, which have a scope named `scope`. Throws a ProgramFailure where that fails. */
  constructor(scope: string, settings: Settings) {
    this.settings = settings;
    this.logs = openLogs(settings);
    this.log = this.logs.logger(scope);
    this.room = descriptorRoom();
    this.#load = new LoadMonitor(this.log, (state, health) => this.onLoad(state, health));
    this.descriptors = new DescriptorReserve((isShort) => {
      if (isShort) this.log.warn(this.descriptorWords.short);
      else this.log.info(this.descriptorWords.enough);
    });
    this.look('the look at file descriptors', DESCRIPTOR_LOOK_MS, () => this.descriptors.look());
  }

  get load(): { readonly state: LoadState; readonly health: Health } {
    return this.#load;
  }

  /** Does something at each interval, in ms, while the program runs; a failure is logged. */
  look(what: string, intervalMs: number, work: () => unknown): void {
    this.#looks.push(repeat(this.log, what, intervalMs, work));
  }

  /** Ends all that repeats, before the work ends. */
  endLooks(): void {
    for (const end of this.#looks) end();
    this.#load.close();
    this.descriptors.close();
  }
}
