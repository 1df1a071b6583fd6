import { readdirSync } from 'node:fs';
import { runCommand } from './command.js';

/** Returns the command that runs a program with this limit of open files. */
export const withDescriptors = (limit: number): string[] => ['sh', '-c', `ulimit -n ${limit} && exec "$@"`, 'sh'];

/** Keeps a running process without a free file descriptor, until this is disposed of. */
export class DescriptorShortage implements AsyncDisposable {
  readonly #pid: number;
  readonly #before: string;

  private constructor(pid: number, before: string) {
    this.#pid = pid;
    this.#before = before;
  }

  /**
   * Lowers the limit below the number of open files. Only descriptors that the process itself
   * closes become free.
   */
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
