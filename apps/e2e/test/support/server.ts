import { ask } from './admin.js';
import type { Engine } from './engines.js';
import { run, RunningProgram, SERVER, type Finished } from './program.js';
import type { ServerStatus, SessionStatus } from './status.js';

const LOOPBACK = '127.0.0.1';

export interface ServerSettings {
  readonly state: string;
  readonly engine: Engine;
  /** The entry file. Default: the present program's. */
  readonly script?: string | undefined;
  /** The address to listen on. Default: loopback. */
  readonly listen?: string | undefined;
  /** The port. With 0 the system chooses. */
  readonly port?: number | undefined;
  readonly flags?: readonly string[] | undefined;
  readonly through?: readonly string[] | undefined;
}

/** The flags of `invite` for these rights. */
export const rightsFlags = (allow: readonly string[], publish: readonly string[]): string[] => [
  ...allow.flatMap((block) => ['--allow', block]),
  ...publish.flatMap((ports) => ['--publish', ports]),
];

/** A server that is ready. */
export class Server implements AsyncDisposable {
  readonly program: RunningProgram;
  readonly port: number;
  readonly state: string;
  readonly script: string;

  private constructor(program: RunningProgram, port: number, state: string, script: string) {
    this.program = program;
    this.port = port;
    this.state = state;
    this.script = script;
  }

  static async start({
    state,
    engine,
    script = SERVER,
    listen = LOOPBACK,
    port = 0,
    flags = [],
    through,
  }: ServerSettings): Promise<Server> {
    const where = ['--state', state, '--engine', engine, '--listen', `${listen}:${port}`];
    const program = new RunningProgram(script, [...where, ...flags], { through });
    const [, ready] = await program.line(/^relay-server ready on \S+:(\d+)$/);
    return new Server(program, Number(ready), state, script);
  }

  /**
   * Makes an invitation with the command that users run: to reach the targets `allow`, and to
   * publish these ports.
   */
  async invite(name: string, allow: readonly string[], publish: readonly string[] = []): Promise<string> {
    const rights = rightsFlags(allow, publish);
    const where = ['--state', this.state, '--public', `127.0.0.1:${this.port}`];
    const { code, stdout, stderr } = await run(this.script, ['invite', name, ...rights, ...where]);
    if (code !== 0) throw new Error(`invite ended with ${code ?? '?'}: ${stderr}`);
    return stdout.trim();
  }

  command(...args: string[]): Promise<Finished> {
    return run(this.script, [...args, '--state', this.state]);
  }

  status(): Promise<ServerStatus> {
    return ask(`${this.state}/admin.sock`, 'status');
  }

  sessions(): Promise<SessionStatus[]> {
    return ask(`${this.state}/admin.sock`, 'sessions');
  }

  stop(signal?: NodeJS.Signals): Promise<Finished> {
    return this.program.stop(signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program[Symbol.asyncDispose]();
  }
}
