import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Emulator } from './emulator.js';

/** Only a program that hangs takes so long, also on a slow machine. */
const PATIENCE_MS = 60_000;

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

/** Compiles the package, so that processes of their own can run it. */
export function build(): void {
  execFileSync(process.execPath, [join(PACKAGE, '../../node_modules/typescript/bin/tsc'), '-b', PACKAGE]);
}

export function programPath(name: string): string {
  return join(PACKAGE, `test/programs/${name}.mjs`);
}

/**
 * One of test/programs on a pseudo-terminal of its own, which script(1) of util-linux makes, and an
 * emulator that shows what it writes.
 */
export class PseudoTerminal {
  readonly emulator: Emulator;
  /** For files of the program. */
  readonly folder = mkdtempSync(join(tmpdir(), 'relay-terminal-'));
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(program: string, args: readonly string[], columns = 60, rows = 10) {
    this.emulator = new Emulator(columns, rows);
    // The program tells its number and terminal; the settings that it leaves behind come after it.
    const words = [process.execPath, programPath(program), this.folder, ...args].map((word) => `'${word}'`).join(' ');
    const command = `stty rows ${rows} cols ${columns}; tty > ${this.folder}/tty; ${words}; echo "code $?"; stty -a`;
    this.#child = spawn('script', ['--quiet', '--flush', '--command', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: PATIENCE_MS,
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.output += String(chunk);
      void this.emulator.write(chunk);
    });
    this.#ended = once(this.#child, 'close');
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** The number of the program's process. */
  get pid(): number {
    return Number(readFileSync(join(this.folder, 'pid'), 'utf8'));
  }

  resize(columns: number, rows: number): void {
    this.emulator.resize(columns, rows);
    const tty = readFileSync(join(this.folder, 'tty'), 'utf8').trim();
    execFileSync('stty', ['-F', tty, 'rows', String(rows), 'cols', String(columns)]);
  }

  /** Resolves when what is seen fits. */
  async seen(condition: (lines: string[]) => unknown): Promise<void> {
    const endMs = performance.now() + PATIENCE_MS;
    while (!condition(this.emulator.lines())) {
      if (performance.now() > endMs) throw new Error(`not seen on the terminal:\n${this.emulator.lines().join('\n')}`);
      await setTimeout(2);
    }
  }

  async ended(): Promise<void> {
    await this.#ended;
    await this.emulator.write('');
  }

  /** Ends what a failed test left, and removes its files. */
  remove(): void {
    this.#child.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
