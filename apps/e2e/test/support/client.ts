import { ask } from './admin.js';
import type { Engine } from './engines.js';
import { eventually } from './eventually.js';
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
  readonly forwards?: readonly string[] | undefined;
  /** What it publishes, each as `[PUBLIC=]LOCAL`. */
  readonly publishes?: readonly string[] | undefined;
  readonly flags?: readonly string[] | undefined;
  /** The content of its /etc/hosts. */
  readonly hosts?: string;
}

const firstPorts = (mappings: readonly { readonly mapping: string }[]): number[] =>
  mappings.map(({ mapping }) => Number(/:(\d+)(?:-\d+)? -> /.exec(mapping)?.[1]));

/** A client that gets its invitation in a way that other users cannot read. */
export class Client implements AsyncDisposable {
  readonly program: RunningProgram;
  readonly admin: string;
  readonly settings: ClientSettings;

  constructor(settings: ClientSettings) {
    const { invitation, admin, engine, script = CLIENT, flags = [], hosts } = settings;
    const { forwards = [], publishes = [] } = settings;
    const mappings = [
      ...forwards.flatMap((forward) => ['--forward', forward]),
      ...publishes.flatMap((publish) => ['--publish', publish]),
    ];
    this.program = new RunningProgram(script, ['--admin', admin, '--engine', engine, ...mappings, ...flags], {
      ...{ environment: { RELAY_SERVER: invitation }, hosts },
    });
    this.admin = admin;
    this.settings = settings;
  }

  /**
   * Resolves when every mapping of its settings is ready, with the first local port of each
   * forward.
   */
  async ready(): Promise<number[]> {
    const { forwards = [], publishes = [] } = this.settings;
    await this.program.lines(/^relay-client ready: forward .+ -> /, forwards.length);
    await this.program.lines(/^relay-client ready: publish .+ -> /, publishes.length);
    const { forwards: ready } = await eventually(() => this.status());
    return firstPorts(ready);
  }

  /** The first port on the server of each publish that is ready. */
  async publicPorts(): Promise<number[]> {
    const { publishes = [] } = this.settings;
    // A client of the former release has none, and none in its status.
    return publishes.length === 0 ? [] : firstPorts((await this.status()).publishes);
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
