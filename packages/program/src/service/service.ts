/**
 * A running program: its own work, in the frame that every program has. This file begins and ends
 * the logs, the admin socket, the metrics and the periodic work in one order.
 */
import { ConfigurationError, type Schema } from '@relay/config';
import type { Logging } from '@relay/logging';
import { openAdminServer, type AdminCalls, type AdminServer } from '../admin/admin-server.js';
import { coalesced } from '../coalesced.js';
import { ProgramFailure } from '../exit-code.js';
import type { LiveConfiguration, PendingSetting } from '../live-configuration.js';
import type { LogSettings } from '../logs.js';
import { DropWatch } from '../drop-watch.js';
import { metricsOf, type ProgramStatus } from '../program-status.js';
import { adminCalls, type Verb } from '../verb/verb.js';
import { Frame } from './frame.js';

/** How often the service looks for drops that people can do something about, in ms. */
const DROP_LOOK_MS = 5000;

/** The settings that the frame itself reads. `commonOptions` defines them. */
export interface ServiceSettings extends LogSettings {
  readonly admin?: string | undefined;
  readonly metricsInterval: number;
  readonly interactive: boolean;
  readonly status: boolean;
}

/** The work of a program within its frame. */
export interface Work {
  /** Opens what the work needs of the system, ports above all. Rejects with a ProgramFailure. */
  open(): Promise<void>;
  /** Begins the work and says so on stdout. Called when everything is open. */
  begin(): void;
  status(): ProgramStatus;
  /**
   * Reads again what the work keeps besides the configuration. What it cannot read stays as it was,
   * and it throws or rejects.
   */
  reload?(): void | Promise<void>;
  /** Ends the work. Called once, after `open` or `begin`, even if they failed. */
  close(): Promise<void>;
}

/** A running program, in the form that its verbs use. */
export interface RunningProgram<Settings, Own> {
  /** The program's own work. */
  readonly own: Own;
  readonly settings: Settings;
  readonly logs: Logging;
  /** Settings that the last reading of the configuration changed, and that wait for a restart. */
  readonly restartPending: readonly PendingSetting[];
  /** Begins the end of the program. */
  readonly stop: () => void;
  /** Reads everything again. Returns one line for each change of the configuration. */
  reload(): Promise<string[]>;
}

/** The definition of one program. */
export interface Program<Settings extends ServiceSettings, Own extends Work> {
  /** The noun for the program in its log and its help, such as `server`. */
  readonly noun: string;
  readonly schema: Schema<Settings, Record<string, unknown>>;
  /**
   * Throws a ProgramFailure if the settings contradict each other. Called before anything is
   * opened.
   */
  readonly check?: (settings: Settings, sources: LiveConfiguration<Settings>['sources']) => void;
  /**
   * Applies the settings that may change while the program runs. If it rejects, it has changed
   * nothing.
   */
  readonly apply?: (own: Own, settings: Settings) => Promise<void>;
  /** Makes the program's own work. If it fails, it leaves nothing open. */
  readonly newWork: (frame: Frame<Settings>) => Own | Promise<Own>;
  /** The verbs that people use. */
  readonly verbs: readonly Verb<RunningProgram<Settings, Own>, never>[];
  /** The calls that only the program's own commands use. */
  readonly calls?: (own: Own) => AdminCalls;
  /**
   * Candidate paths for the admin socket, unless it is off. The service takes the first path that
   * no other program uses.
   */
  readonly adminPaths: (settings: Settings) => readonly string[];
  /** The file that keeps the lines typed at the prompt. */
  readonly historyPath: (settings: Settings) => string;
  /** Makes the function that the status screen calls repeatedly for its lines. */
  readonly newScreen: (own: Own) => () => readonly string[];
}

/** A running program in its frame. */
export class Service<Settings extends ServiceSettings, Own extends Work> implements RunningProgram<Settings, Own> {
  readonly own: Own;
  readonly settings: Settings;
  readonly logs: Logging;
  readonly stop: () => void;
  /** Does the same as `reload` when no caller waits for an answer: it logs what is wrong. */
  readonly reloadQuietly = coalesced(async () => {
    const [work, configuration] = await this.#readAgain();
    const fault: unknown = work.status === 'rejected' ? work.reason : undefined;
    if (fault !== undefined) this.#frame.log.error('reading again failed', { error: fault });
    if (configuration.status === 'fulfilled') return;
    const error: unknown = configuration.reason;
    const what = error instanceof ConfigurationError ? 'is wrong' : 'cannot be applied';
    this.logs.logger('configuration').error(`the configuration ${what}: nothing was changed`, { error });
  });
  /** What becomes of the work and of the configuration: neither waits for the other. */
  readonly #readAgain = coalesced(() =>
    Promise.allSettled([
      (async () => this.own.reload?.())(),
      this.#configuration.reload(this.logs, (settings) => this.#apply(settings)),
    ]),
  );
  readonly #frame: Frame<Settings>;
  readonly #configuration: LiveConfiguration<Settings>;
  readonly #apply: (settings: Settings) => unknown;
  #admin: AdminServer | undefined;
  #metrics: { readonly intervalMs: number; readonly end: () => void } | undefined;

  /**
   * Starts a program. The program calls `stop` when a user tells it to end. If the start fails, it
   * rejects with a ProgramFailure and leaves nothing running.
   */
  static async start<Settings extends ServiceSettings, Own extends Work>(
    program: Program<Settings, Own>,
    configuration: LiveConfiguration<Settings>,
    stop: () => void,
  ): Promise<Service<Settings, Own>> {
    const settings = configuration.values;
    program.check?.(settings, configuration.sources);
    const frame = new Frame(program.noun, settings);
    let service: Service<Settings, Own> | undefined;
    try {
      service = new Service(program, frame, await program.newWork(frame), configuration, stop);
      await service.#open(program);
      return service;
    } catch (error) {
      await (service === undefined ? closeFrame(frame) : service.close());
      throw error;
    }
  }

  private constructor(
    { apply }: Program<Settings, Own>,
    frame: Frame<Settings>,
    own: Own,
    configuration: LiveConfiguration<Settings>,
    stop: () => void,
  ) {
    this.#apply = async (settings) => {
      await apply?.(own, settings);
      this.#startMetrics(settings.metricsInterval);
    };
    this.own = own;
    this.settings = frame.settings;
    this.logs = frame.logs;
    this.stop = stop;
    this.#frame = frame;
    this.#configuration = configuration;
  }

  get restartPending(): readonly PendingSetting[] {
    return this.#configuration.pending;
  }

  async reload(): Promise<string[]> {
    const [work, configuration] = await this.#readAgain();
    if (work.status === 'rejected') throw work.reason;
    if (configuration.status === 'rejected') throw configuration.reason;
    return configuration.value;
  }

  async close(): Promise<void> {
    this.#frame.endLooks();
    await this.#admin?.close();
    await this.own.close();
    await this.logs.close();
  }

  async #open(program: Program<Settings, Own>): Promise<void> {
    await this.own.open();
    await this.#openAdmin(program);
    this.#startMetrics(this.settings.metricsInterval);
    const drops = new DropWatch(this.#frame.log);
    this.#frame.look('the look at drops', DROP_LOOK_MS, () => drops.look(this.own.status()));
    this.own.begin();
  }

  #startMetrics(intervalMs: number): void {
    if (this.#metrics?.intervalMs === intervalMs) return;
    this.#metrics?.end();
    this.#metrics = { intervalMs, end: this.logs.startMetrics(intervalMs, () => metricsOf(this.own.status())) };
  }

  async #openAdmin({ noun, adminPaths, verbs, calls }: Program<Settings, Own>): Promise<void> {
    if (this.settings.admin === 'off') return;
    const all = { ...adminCalls<RunningProgram<Settings, Own>>(verbs, this), ...calls?.(this.own) };
    const paths = adminPaths(this.settings);
    for (const [i, path] of paths.entries()) {
      try {
        this.#admin = await openAdminServer(path, all, this.#frame.log);
        if (i > 0) this.#frame.log.info(`another ${noun} has the default admin socket`, { admin: path });
        return;
      } catch (error) {
        if (i === paths.length - 1 || !(error instanceof ProgramFailure)) throw error;
      }
    }
  }
}

async function closeFrame(frame: Frame): Promise<void> {
  frame.endLooks();
  await frame.logs.close();
}
