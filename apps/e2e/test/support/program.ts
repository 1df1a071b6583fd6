import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const folderOf = (app: string): string => dirname(require.resolve(`@relay/${app}/package.json`));

export const SERVER = join(folderOf('server'), 'bin', 'relay-server.js');
export const CLIENT = join(folderOf('client'), 'bin', 'relay-client.js');

const FORMER_RELEASE = join(import.meta.dirname, '..', '..', 'former', 'release');
export const FORMER_SERVER = join(FORMER_RELEASE, 'server', 'bin', 'relay-server.js');
export const FORMER_CLIENT = join(FORMER_RELEASE, 'client', 'bin', 'relay-client.js');

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSettings {
  /**
   * The environment of the program, in addition to PATH. Nothing of the environment of the tests is
   * passed on. HOME is a missing folder, unless given.
   */
  readonly environment?: Record<string, string>;
  /** The file that the program gets as /etc/hosts, in its own mount namespace. */
  readonly hosts?: string | undefined;
  /**
   * A command line that runs the program, whose own command line is added to it: `sh -c '… exec
   * "$@"' sh`.
   */
  readonly through?: readonly string[] | undefined;
  /** The content of the program's stdin, which then ends. */
  readonly input?: string;
}

const PATIENCE_MS = 60_000;
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: '/nonexistent' };

const withHosts = (hosts: string | undefined): string[] =>
  hosts === undefined ? [] : ['unshare', '-rm', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];

/** Returns true if {@link RunSettings.hosts} works here. Some systems allow no mount namespaces. */
export function canGiveHosts(): boolean {
  const [command, ...words] = [...withHosts('/etc/hosts'), 'true'];
  return spawnSync(command, words).status === 0;
}

/** A real process of one of the programs, with its output so far. */
export class RunningProgram implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #out: string[] = [];
  readonly #err: string[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<unknown>;

  constructor(
    script: string,
    args: readonly string[],
    { environment = {}, hosts, through = [], input }: RunSettings = {},
  ) {
    const [command = '', ...words] = [...withHosts(hosts), ...through, process.execPath, script, ...args];
    this.process = spawn(command, words, {
      env: { ...ENVIRONMENT, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.process, 'close').finally(() => this.#wake());
    this.#collect(this.process.stdout, this.#out);
    this.#collect(this.process.stderr, this.#err);
    if (input !== undefined) this.process.stdin?.end(input);
  }

  get stdout(): string {
    return this.#out.join('\n');
  }

  get stderr(): string {
    return this.#err.join('\n');
  }

  get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /**
   * Resolves with the first match on stdout (or `from`) as soon as there is one. Rejects if the
   * program ends without it.
   */
  async line(pattern: RegExp, from: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    const [match] = await this.lines(pattern, 1, from);
    if (match === undefined) throw new Error(`no ${pattern.source}`);
    return match;
  }

  /** Resolves with the first `count` lines that match. */
  async lines(pattern: RegExp, count: number, from: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray[]> {
    const deadline = AbortSignal.timeout(PATIENCE_MS);
    const wake = (): void => this.#wake();
    deadline.addEventListener('abort', wake);
    for (;;) {
      const said = from === 'stdout' ? this.#out : this.#err;
      const matches = said.map((line) => pattern.exec(line)).filter((match) => match !== null);
      if (matches.length >= count) {
        deadline.removeEventListener('abort', wake);
        return matches.slice(0, count);
      }
      if (this.hasEnded || deadline.aborted) {
        const how = this.hasEnded ? `ended (${this.process.exitCode ?? this.process.signalCode ?? '?'})` : 'goes on';
        throw new Error(`${how} without ${pattern.source}:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async finished(): Promise<Finished> {
    await this.#ended;
    return { code: this.process.exitCode, signal: this.process.signalCode, stdout: this.stdout, stderr: this.stderr };
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> {
    if (!this.hasEnded) this.process.kill(signal);
    return this.finished();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }

  #collect(stream: NodeJS.ReadableStream | null, lines: string[]): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      this.#wake();
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** Runs a one-shot command to its end. */
export function run(script: string, args: readonly string[], settings: RunSettings = {}): Promise<Finished> {
  return new RunningProgram(script, args, { input: '', ...settings }).finished();
}
