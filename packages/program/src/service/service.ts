/**
 * A program that runs: what is its own, its work, in the frame that every program has. Logs, admin
 * socket, metrics and looks at the process begin and end in one order here.
 */
import type { Schema } from '@relay/config';
import type { Logging } from '@relay/logging';
import { openAdminServer, type AdminCalls, type AdminServer } from '../admin/admin-server.js';
import { ProgramFailure } from '../exit-code.js';
import type { LiveConfiguration } from '../live-configuration.js';
import type { LogSettings } from '../logs.js';
import { guarded } from '../periodic.js';
import { metricsOf, type ProgramStatus } from '../program-status.js';
import { adminCalls, type Verb } from '../verb/verb.js';
import { Frame } from './frame.js';

/** The settings that the frame itself reads; `commonOptions` has them. */
export interface ServiceSettings extends LogSettings {
  readonly admin?: string | undefined;
  readonly metricsInterval: number;
  readonly interactive: boolean;
  readonly status: boolean;
}

/** What a program does within its frame. */
export interface Work {
  /** Opens what it needs of the system: ports above all. Rejects with a ProgramFailure. */
  open(): Promise<void>;
  /** Everything stands: begins the work, and says so on stdout. */
  begin(): void;
  status(): ProgramStatus;
  /** Reads again what it keeps besides the configuration. May throw; then all is as it was. */
  reload?(): void;
  /** Ends the work. Called once, after any of `open` and `begin`, also where they failed. */
  close(): Promise<void>;
  /**
   * The start has failed, and everything is closed: takes back what only a start that went well may
   * leave.
   */
  startFailed?(): void;
}

/** A running program, as its verbs see it. */
export interface RunningProgram<Settings, Own> {
  /** What is the program's own. */
  readonly own: Own;
  readonly settings: Settings;
  readonly logs: Logging;
  /** Begins the end of the program. */
  readonly stop: () => void;
  /** Reads everything again; returns what has changed in the configuration, a line each. */
  reload(): Promise<string[]>;
}

/** One program, written down. */
export interface Program<Settings extends ServiceSettings, Own extends Work> {
  /** What it is, in its log and its help: `server`. */
  readonly noun: string;
  readonly schema: Schema<Settings, Record<string, unknown>>;
  /** Throws a ProgramFailure where settings do not make a whole, before anything is opened. */
  readonly check?: (settings: Settings) => void;
  /**
   * Takes on the settings that may change while it runs. Rejects where that cannot be done; then
   * all is as it was.
   */
  readonly apply?: (own: Own, settings: Settings) => Promise<void>;
  /** Makes its work, and leaves nothing open where that fails. */
  readonly newWork: (frame: Frame<Settings>) => Own | Promise<Own>;
  /** What it can be asked or told by people. */
  readonly verbs: readonly Verb<RunningProgram<Settings, Own>, never>[];
  /** What it is asked or told by its own commands only. */
  readonly calls?: (own: Own) => AdminCalls;
  /**
   * Paths for its admin socket, where it is not off: the first that no other program has is taken.
   */
  readonly adminPaths: (settings: Settings) => readonly string[];
  /** Where the lines typed at its prompt are kept. */
  readonly historyPath: (settings: Settings) => string;
  /** Makes what its status screen calls again and again for the lines to show. */
  readonly newScreen: (own: Own) => () => readonly string[];
}

/** A running program in its frame. */
export class Service<Settings extends ServiceSettings, Own extends Work> implements RunningProgram<Settings, Own> {
  readonly own: Own;
  readonly settings: Settings;
  readonly logs: Logging;
  readonly stop: () => void;
  readonly #frame: Frame<Settings>;
  readonly #configuration: LiveConfiguration<Settings>;
  readonly #apply: (settings: Settings) => unknown;
  #admin: AdminServer | undefined;

  /**
   * Starts a program, which calls `stop` where it is told to end. Rejects with a ProgramFailure;
   * nothing is left running then.
   */
  static async start<Settings extends ServiceSettings, Own extends Work>(
    program: Program<Settings, Own>,
    configuration: LiveConfiguration<Settings>,
    stop: () => void,
  ): Promise<Service<Settings, Own>> {
    const settings = configuration.values;
    program.check?.(settings);
    const frame = new Frame(program.noun, settings);
    let service: Service<Settings, Own> | undefined;
    try {
      service = new Service(program, frame, await program.newWork(frame), configuration, stop);
      await service.#open(program);
      return service;
    } catch (error) {
      if (service === undefined) await closeFrame(frame);
      else {
        await service.close();
        service.own.startFailed?.();
      }
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
    this.#apply = (settings) => apply?.(own, settings);
    this.own = own;
    this.settings = frame.settings;
    this.logs = frame.logs;
    this.stop = stop;
    this.#frame = frame;
    this.#configuration = configuration;
  }

  async reload(): Promise<string[]> {
    this.own.reload?.();
    return this.#configuration.reload(this.logs, (settings) => this.#apply(settings));
  }

  /** As `reload`, where nobody waits for an answer: what is wrong is logged. */
  reloadQuietly(): Promise<void> {
    guarded(this.#frame.log, 'reading again', () => this.own.reload?.())();
    return this.#configuration.reloadQuietly(this.logs, (settings) => this.#apply(settings));
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
    this.logs.startMetrics(this.settings.metricsInterval, () => metricsOf(this.own.status()));
    this.own.begin();
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
