import { spawn } from 'node:child_process';
import { once } from 'node:events';

const PATIENCE_MS = 20_000;
/** A program that has not ended so long after SIGTERM gets SIGKILL. */
const GRACE_MS = 3_000;

/** A running program with all that it has said, stdout and stderr together. */
export class Program {
  #name;
  #process;
  #ended;
  #said = '';
  #waiting = new Set();

  /**
   * `terminal` gives the program one more pipe, descriptor 3. What is in `environment` comes in
   * addition to ours.
   */
  constructor(command, args, { environment = {}, folder, terminal = false } = {}) {
    this.#name = [command, ...args].join(' ');
    const stdio = ['pipe', 'pipe', 'pipe', ...(terminal ? ['pipe'] : [])];
    this.#process = spawn(command, args, { env: { ...process.env, ...environment }, cwd: folder, stdio });
    this.#ended = once(this.#process, 'close').finally(() => this.#wake());
    // Whoever waits for the program hears of its failure; nobody has to wait.
    this.#ended.catch(() => undefined);
    // A program may end before it has read everything.
    this.#process.stdin.on('error', () => undefined);
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        this.#said += text;
        this.#wake();
      });
  }

  /** Its process id: `ip netns exec` becomes the program itself. */
  get pid() {
    return this.#process.pid;
  }

  get said() {
    return this.#said;
  }

  get hasEnded() {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** Writes to its stdin, which stays open. */
  write(text) {
    this.#process.stdin.write(text);
  }

  /** Writes to its stdin and closes it. */
  end(text = '') {
    this.#process.stdin.end(text);
  }

  /**
   * Resolves with the first match in what it says from `since` (an offset into `said`) on. Rejects
   * if it ends without one or is silent for too long.
   */
  async says(pattern, { since = 0, withinMs = PATIENCE_MS } = {}) {
    const deadline = AbortSignal.timeout(withinMs);
    const wake = () => this.#wake();
    deadline.addEventListener('abort', wake);
    try {
      for (;;) {
        const match = pattern.exec(this.#said.slice(since));
        if (match !== null) return match;
        if (this.hasEnded || deadline.aborted)
          throw new Error(
            `${this.#name}: ${this.hasEnded ? 'ended' : 'goes on'} without ${pattern.source}${this.#tail()}`,
          );
        await new Promise((resolve) => this.#waiting.add(resolve));
      }
    } finally {
      deadline.removeEventListener('abort', wake);
    }
  }

  /** Resolves with its exit code and all that it has said. After `withinMs` it is killed. */
  async finished(withinMs = PATIENCE_MS) {
    const killing = setTimeout(() => this.#process.kill('SIGKILL'), withinMs);
    try {
      await this.#ended;
    } finally {
      clearTimeout(killing);
    }
    return { code: this.#process.exitCode, said: this.#said };
  }

  /** Resolves with all that it has said; rejects unless it ends with code 0. */
  async succeeded(withinMs) {
    const { code, said } = await this.finished(withinMs);
    if (code !== 0) throw new Error(`${this.#name}: ended with ${code ?? 'a signal'}${this.#tail()}`);
    return said;
  }

  /** Asks it to end. Resolves as {@link finished} does. */
  stop(signal = 'SIGTERM') {
    if (!this.hasEnded) this.#process.kill(signal);
    return this.finished(GRACE_MS);
  }

  #tail() {
    const last = this.#said.trimEnd().split('\n').slice(-6).join('\n    ');
    return last === '' ? '' : `:\n    ${last}`;
  }

  #wake() {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
