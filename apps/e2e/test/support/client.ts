import { ask } from './admin.js';
import type { Engine } from './engines.js';
import { CLIENT, RunningProgram, type Finished } from './program.js';
import type { ClientStatus } from './status.js';

export interface ClientSettings {
  readonly invitation: string;
  /** The path of its admin socket. */
  readonly admin: string;
  readonly engine: Engine;
  /** The entry file. Default: the present program's. */
  readonly script?: string | undefined;
  /** The forwards, each as `[LISTEN=]TARGET`. */
  readonly forwards: readonly string[];
  readonly flags?: readonly string[] | undefined;
  /** The content of its /etc/hosts. */
  readonly hosts?: string;
}

/** A client that gets its invitation in a way that other users cannot read. */
export class Client implements AsyncDisposable {
  readonly program: RunningProgram;
  readonly admin: string;
  readonly settings: ClientSettings;

  constructor(settings: ClientSettings) {
    const { invitation, admin, engine, script = CLIENT, forwards, flags = [], hosts } = settings;
    const mappings = forwards.flatMap((forward) => ['--forward', forward]);
    this.program = new RunningProgram(script, ['--admin', admin, '--engine', engine, ...mappings, ...flags], {
      ...{ environment: { RELAY_SERVER: invitation }, hosts },
    });
    this.admin = admin;
    this.settings = settings;
  }

  /** Resolves when every mapping is ready, with the first local port of each. */
  async ready(): Promise<number[]> {
    await this.program.lines(/^relay-client ready: forward .+ -> /, this.settings.forwards.length);
    const { forwards } = await this.status();
    return forwards.map(({ mapping }) => Number(/:(\d+)(?:-\d+)? -> /.exec(mapping)?.[1]));
  }

  status(): Promise<ClientStatus> {
    return ask(this.admin, 'status');
  }

  stop(signal?: NodeJS.Signals): Promise<Finished> {
    return this.program.stop(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]();
  }
}
