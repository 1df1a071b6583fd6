import { execFileSync, fork } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const LINKED = new Set(['node_modules', 'build', 'dist']);
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/**
 * A copy of a package in a folder of its own, beside links to all that its tests look for above it.
 */
export class PackageCopy {
  #root;
  #workspace;
  #worker;
  /** By test file: how long it takes in ms, and the lines of each source file that it runs. */
  #tests = new Map();
  /** The folder of the copied package. */
  folder;

  constructor(root, packageFolder) {
    this.#root = root;
    this.#workspace = mkdtempSync(join(tmpdir(), 'relay-mutants-'));
    this.folder = join(this.#workspace, packageFolder);
    mkdirSync(dirname(this.folder), { recursive: true });
    const linkAll = (from, to, isWanted) => {
      for (const name of readdirSync(from)) if (isWanted(name)) symlinkSync(join(from, name), join(to, name));
    };
    const [group, own] = packageFolder.split('/');
    linkAll(root, this.#workspace, (name) => name !== group && !name.startsWith('.git'));
    linkAll(join(root, group), join(this.#workspace, group), (name) => name !== own);
    const original = join(root, packageFolder);
    mkdirSync(this.folder);
    linkAll(original, this.folder, (name) => LINKED.has(name));
    for (const name of readdirSync(original))
      if (!LINKED.has(name) && !name.startsWith('.'))
        cpSync(join(original, name), join(this.folder, name), { recursive: true });
  }

  /**
   * Runs each test file and learns what it runs. Throws if one fails: then nothing can be said of a
   * mutant.
   */
  async runUnbroken() {
    for (const test of this.#testFiles()) {
      const { failed, messages, durations, lines } = await this.#run({ tests: [test], withCoverage: true });
      if (failed.length > 0) throw new Error(`${test} fails without any change:\n${messages.join('\n')}`);
      this.#tests.set(test, {
        durationMs: durations[test],
        lines: new Map(Object.entries(lines).map(([file, ran]) => [file, new Set(ran)])),
      });
    }
    const durations = [...this.#tests.values()].map(({ durationMs }) => durationMs);
    return { tests: durations.length, totalMs: durations.reduce((sum, ms) => sum + ms, 0) };
  }

  /**
   * Puts `text` in place of the characters from `start` to `end` of a source file, runs the test
   * files that come by there, quickest first, and puts the file back. Returns the first that fails
   * (also by running out of time) and how many there are.
   */
  async tryChange({ file, start, end, text, lines }) {
    const tests = this.#testsOf(file, lines);
    const path = join(this.folder, file);
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, source.slice(0, start) + text + source.slice(end));
    try {
      for (const [test, { durationMs }] of tests) {
        const testTimeout = durationMs * 5 + 20_000;
        const answer = await this.#run({ tests: [test], testTimeout }, testTimeout * 2);
        const how = answer.how === undefined ? '' : `, ${answer.how}`;
        if (answer.failed.length > 0) return { noticedBy: `${test}${how}`, tests: tests.length };
      }
      return { noticedBy: undefined, tests: tests.length };
    } finally {
      writeFileSync(path, source);
    }
  }

  remove() {
    this.#stop();
    rmSync(this.#workspace, { recursive: true, force: true });
  }

  /** Those that `jest` runs here: the package's own configuration may leave some out. */
  #testFiles() {
    const jest = join(this.#root, 'node_modules/jest/bin/jest.js');
    const flags = [...NODE_FLAGS, jest, '--listTests', '--json'];
    const listed = execFileSync(process.execPath, flags, { cwd: this.folder, encoding: 'utf8' });
    return JSON.parse(listed)
      .map((path) => relative(this.folder, path))
      .sort();
  }

  /**
   * Test files that run nothing of the package here may do so elsewhere, in a thread or a process:
   * they count for all lines.
   */
  #testsOf(file, lines) {
    const comesBy = ({ lines: ran }) => ran.size === 0 || lines.some((line) => ran.get(file)?.has(line));
    return [...this.#tests].filter(([, test]) => comesBy(test)).sort(([, a], [, b]) => a.durationMs - b.durationMs);
  }

  /** A process that has run many tests may die of that: then a new one has the last word. */
  async #run(request, timeoutMs = 30 * 60_000) {
    const isFresh = this.#worker === undefined;
    const answer = await this.#ask(request, timeoutMs);
    return answer === 'died' && !isFresh ? this.#run(request, timeoutMs) : asResult(answer, request);
  }

  #ask(request, timeoutMs) {
    const worker = (this.#worker ??= this.#start());
    return new Promise((resolve) => {
      const settle = (answer) => {
        clearTimeout(timer);
        worker.off('message', settle).off('exit', died);
        resolve(answer);
      };
      const died = () => {
        this.#worker = undefined;
        settle('died');
      };
      const timer = setTimeout(() => {
        settle('timeout');
        this.#stop();
      }, timeoutMs);
      worker.once('message', settle).once('exit', died);
      worker.send(request);
    });
  }

  /** In a process group of its own, so that nothing the tests started outlives it. */
  #start() {
    const script = join(import.meta.dirname, 'jest-worker.js');
    const cache = join(this.#workspace, '.jest');
    return fork(script, [cache], {
      cwd: this.folder,
      execArgv: NODE_FLAGS,
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  }

  #stop() {
    if (this.#worker === undefined) return;
    process.kill(-this.#worker.pid, 'SIGKILL');
    this.#worker = undefined;
  }
}

function asResult(answer, { tests }) {
  if (typeof answer !== 'string') return answer;
  return { failed: tests, messages: [answer], how: answer };
}
