import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { eventually } from './eventually.js';

export interface TerminalEnd {
  readonly code: number;
  /** Whether echo, line mode and the like are again as they were before the program. */
  readonly isRestored: boolean;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** A program on a real pseudo-terminal (Python has them, Node.js does not). */
export class Terminal implements AsyncDisposable {
  readonly #process;
  readonly #ended: Promise<unknown>;
  #shown = '';
  #told = '';

  constructor(
    script: string,
    args: readonly string[],
    environment: Record<string, string> = {},
    size = { rows: 40, columns: 120 },
  ) {
    const program = [process.execPath, script, ...args];
    const driver = join(import.meta.dirname, 'pseudo-terminal.py');
    this.#process = spawn('python3', [driver, `${size.rows}`, `${size.columns}`, ...program], {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', TERM: 'xterm-256color', ...environment },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => (this.#shown += text));
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => (this.#told += text));
    this.#ended = once(this.#process, 'close');
  }

  /** Everything that was written to the terminal so far, control sequences included. */
  get shown(): string {
    return this.#shown;
  }

  /** Waits until the pattern has been shown, after `from` characters. */
  async see(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return eventually(() => {
      const match = pattern.exec(this.#shown.slice(from));
      if (match === null)
        throw new Error(`${pattern.source} was not shown: ${JSON.stringify(this.#shown.slice(from))}`);
      return match;
    });
  }

  type(keys: string): void {
    this.#process.stdin.write(keys);
  }

  resize({ rows, columns }: TerminalSize): void {
    // The fourth descriptor is a pipe to the driver.
    (this.#process.stdio[3] as Writable).write(`${rows} ${columns}\n`);
  }

  async ended(): Promise<TerminalEnd> {
    await this.#ended;
    return JSON.parse(this.#told.trim().split('\n').at(-1) ?? '') as TerminalEnd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }
}
