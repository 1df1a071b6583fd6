import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from './eventually.js';

const PATIENCE_MS = 60_000;

export interface TerminalEnd {
  readonly code: number;
  /** True if echo, line mode and the like are as they were before the program. */
  readonly isRestored: boolean;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** A program on a real pseudo-terminal. Python provides it, because Node.js has none. */
export class Terminal implements AsyncDisposable {
  readonly #process;
  readonly #ended: Promise<unknown>;
  #shown = '';
  #told = '';
  #mark = 0;

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

  /** Everything that was written to the terminal so far, with control sequences. */
  get shown(): string {
    return this.#shown;
  }

  /** The output since the last `mark`, `type` or `resize`. */
  get shownSince(): string {
    return this.#shown.slice(this.#mark);
  }

  mark(): void {
    this.#mark = this.#shown.length;
  }

  /** Waits until the output since the last `mark`, `type` or `resize` matches the pattern. */
  async see(pattern: RegExp): Promise<RegExpExecArray> {
    return eventually(() => {
      const match = pattern.exec(this.shownSince);
      if (match === null) throw new Error(`${pattern.source} was not shown: ${JSON.stringify(this.shownSince)}`);
      return match;
    });
  }

  type(keys: string): void {
    this.mark();
    this.#process.stdin.write(keys);
  }

  resize({ rows, columns }: TerminalSize): void {
    this.mark();
    // The fourth descriptor is a pipe to the driver.
    (this.#process.stdio[3] as Writable).write(`${rows} ${columns}\n`);
  }

  async ended(): Promise<TerminalEnd> {
    const isLate = await Promise.race([this.#ended.then(() => false), delay(PATIENCE_MS, true, { ref: false })]);
    if (isLate) throw new Error(`it goes on: ${JSON.stringify(this.#shown)}`);
    return JSON.parse(this.#told.trim().split('\n').at(-1) ?? '') as TerminalEnd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, exitCode } = this.#process;
    // The driver kills the program and ends after it: then it writes no files any more.
    if (pid !== undefined && exitCode === null) process.kill(pid, 'SIGTERM');
    await this.#ended;
  }
}
