import { readdirSync } from 'node:fs';
import { runCommand } from './command.js';

/** What runs a program with a limit of so many open files. */
export const withDescriptors = (limit: number): string[] => ['sh', '-c', `ulimit -n ${limit} && exec "$@"`, 'sh'];

/** Keeps a running process without a free file descriptor, until it is disposed of. */
export class DescriptorShortage implements AsyncDisposable {
  readonly #pid: number;
  readonly #before: string;

  private constructor(pid: number, before: string) {
    this.#pid = pid;
    this.#before = before;
  }

  /** The limit falls below what is open: only what the process itself closes is free again. */
  static async begin(pid: number): Promise<DescriptorShortage> {
    const before = await runCommand('prlimit', [`--pid=${pid}`, '--nofile', '--noheadings', '--raw', '--output=SOFT']);
    const open = readdirSync(`/proc/${pid}/fd`).length;
    await setSoftLimit(pid, `${open - 2}`);
    return new DescriptorShortage(pid, before.trim());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await setSoftLimit(this.#pid, this.#before);
  }
}

const setSoftLimit = (pid: number, limit: string): Promise<string> =>
  runCommand('prlimit', [`--pid=${pid}`, `--nofile=${limit}:`]);
