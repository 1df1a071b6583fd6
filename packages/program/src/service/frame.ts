/** The frame of a running program, and what the frame gives to the program's own work. */
import type { Logger, Logging } from '@relay/logging';
import { descriptorRoom, type DescriptorRoom } from '../descriptors/limit.js';
import { DescriptorReserve } from '../descriptors/reserve.js';
import type { Health } from '../health.js';
import { LoadMonitor, type LoadState } from '../load-monitor.js';
import { openLogs, type LogSettings } from '../logs.js';
import { repeat } from '../periodic.js';

/** How often the program checks whether other code has used up the file descriptors, in ms. */
const DESCRIPTOR_CHECK_MS = 1000;

/**
 * The logs, the load of the process, the spare file descriptors and the periodic work of a program.
 */
export class Frame<Settings extends LogSettings = LogSettings> {
  readonly settings: Settings;
  readonly logs: Logging;
  /** The log of the program as a whole. */
  readonly log: Logger;
  /** The file descriptors at the start. Undefined if they cannot be counted. */
  readonly room: DescriptorRoom | undefined;
  readonly descriptors: DescriptorReserve;
  /** The frame calls this when the load changes. */
  onLoad: (state: LoadState, health: Health) => void = () => undefined;
  /** The messages for the log when file descriptors run out, and when some are free again. */
  descriptorWords = {
    short: 'no file descriptors left (ulimit -n, LimitNOFILE=)',
    enough: 'there are file descriptors again',
  };
  readonly #load: LoadMonitor;
  readonly #looks: (() => void)[] = [];

  /** Opens the logs with a scope named `scope`. Throws a ProgramFailure if that fails. */
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
    this.look('the look at file descriptors', DESCRIPTOR_CHECK_MS, () => this.descriptors.check());
  }

  get load(): { readonly state: LoadState; readonly health: Health } {
    return this.#load;
  }

  /** Does `work` at each interval, in ms, while the program runs. A failure is logged. */
  look(what: string, intervalMs: number, work: () => unknown): void {
    this.#looks.push(repeat(this.log, what, intervalMs, work));
  }

  /** Ends all periodic work. Called before the program's own work ends. */
  endLooks(): void {
    for (const end of this.#looks) end();
    this.#load.close();
    this.descriptors.close();
  }
}
