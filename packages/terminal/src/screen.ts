import type { Readable, Writable } from 'node:stream';
import { Frame, lineText, type ScreenLine, type ScreenSize } from './frame.js';
import { keysOf, type NamedKey } from './keys.js';
import { restoreAtExit, writeNow } from './restore.js';
import { ENTER_SCREEN, LEAVE_SCREEN } from './sequences.js';

/**
 * Where a screen is drawn, such as `process.stdout`; what {@link openScreen} draws there depends on
 * whether it is a terminal.
 */
export type TerminalOutput = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };

/** Where keys come from, such as `process.stdin`. */
export type TerminalInput = Readable & {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  setRawMode?(raw: boolean): unknown;
};

/** The content of a screen, its streams, and its interval. */
export interface ScreenOptions {
  /** If it is no terminal, it gets plain text at longer intervals. */
  readonly output: TerminalOutput;
  /** Without it, or where it is no terminal, no keys are read. */
  readonly input?: TerminalInput;
  /**
   * The lines to show now, from the top. Called at each interval, resize and redraw; text that does
   * not fit is cut.
   */
  readonly render: (size: ScreenSize) => readonly ScreenLine[];
  /** How often the screen is redrawn, in milliseconds: 20 to 2^31 - 1, what a timer can wait. */
  readonly intervalMs: number;
  /**
   * How often the text is written where the output is no terminal, in milliseconds, within the same
   * bounds. Default: 10,000, or `intervalMs` if that is more.
   */
  readonly plainIntervalMs?: number;
  /**
   * Someone pressed `q` (`key`) or Ctrl-C (`interrupt`). The screen stays open until `close`.
   */
  readonly onQuit: (by: 'key' | 'interrupt') => void;
  /** Someone pressed a key that the screen itself has no use for. Default: nothing happens. */
  readonly onKey?: (key: NamedKey) => void;
}

/**
 * An open screen; the terminal is restored by `close`, and at the end of the process in any case
 * but SIGKILL.
 */
export interface Screen {
  /** Draws now instead of at the next interval. */
  redraw(): void;
  /** Stops and restores the terminal. Idempotent. */
  close(): void;
}

const MIN_INTERVAL_MS = 20;
/** Beyond this a timer of Node.js fires each ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Shows a screen that is redrawn in place: on a terminal as a full screen, where only changed lines
 * are written, elsewhere as plain text from time to time.
 *
 * @throws RangeError where an interval is out of its bounds.
 */
export function openScreen(options: ScreenOptions): Screen {
  for (const name of ['intervalMs', 'plainIntervalMs'] as const) {
    const { [name]: value = MIN_INTERVAL_MS } = options;
    if (value >= MIN_INTERVAL_MS && value <= MAX_TIMER_MS) continue;
    throw new RangeError(`${name} is ${value}; ${MIN_INTERVAL_MS} to ${MAX_TIMER_MS} is needed`);
  }
  return isTerminal(options.output) ? new TerminalScreen(options) : new PlainScreen(options);
}

/** Whether the output can show a screen. */
function isTerminal(output: TerminalOutput): boolean {
  return output.isTTY === true && process.env.TERM !== 'dumb';
}

class TerminalScreen implements Screen {
  readonly #options: ScreenOptions;
  readonly #frame = new Frame();
  readonly #timer: NodeJS.Timeout;
  readonly #releaseExit: () => void;
  #isOpen = true;
  // Between Ctrl-Z and the continuation.
  #isAway = false;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#enter();
    this.#releaseExit = restoreAtExit(this.#leave);
    options.output.on('resize', this.#repaint);
    process.on('SIGCONT', this.#resume);
    this.#timer = setInterval(() => this.redraw(), options.intervalMs);
    this.redraw();
  }

  redraw(): void {
    const { output, render } = this.#options;
    // A terminal that does not keep up gets only the newest state.
    if (!this.#isOpen || this.#isAway || output.writableLength > 0) return;
    // Some pseudo-terminals have no size, and say 0.
    const size = { columns: output.columns || 80, rows: output.rows || 24 };
    const changes = this.#frame.update(render(size), size);
    if (changes !== '') output.write(changes);
  }

  close(): void {
    if (!this.#isOpen) return;
    clearInterval(this.#timer);
    this.#options.output.off('resize', this.#repaint);
    process.off('SIGCONT', this.#resume);
    this.#releaseExit();
    this.#leave();
    this.#isOpen = false;
  }

  #enter(): void {
    const { output, input } = this.#options;
    this.#isAway = false;
    output.write(ENTER_SCREEN);
    this.#frame.forget();
    if (!input?.isTTY) return;
    input.setRawMode?.(true);
    input.on('data', this.#onKeys);
    input.resume();
  }

  readonly #leave = (): void => {
    const { output, input } = this.#options;
    if (!this.#isOpen || this.#isAway) return;
    this.#isAway = true;
    if (input?.isTTY) {
      input.off('data', this.#onKeys);
      input.setRawMode?.(false);
      input.pause();
    }
    writeNow(output, LEAVE_SCREEN);
  };

  readonly #repaint = (): void => {
    this.#frame.forget();
    this.redraw();
  };

  readonly #onKeys = (bytes: Buffer | string): void => {
    for (const key of keysOf(String(bytes))) {
      if (key === 'quit') this.#options.onQuit('key');
      else if (key === 'interrupt') this.#options.onQuit('interrupt');
      else if (key === 'repaint') this.#repaint();
      else if (key === 'suspend') this.#suspend();
      else this.#options.onKey?.(key);
    }
  };

  /** Ctrl-Z: gives the terminal back and stops; SIGCONT (the shell's `fg`) takes it again. */
  #suspend(): void {
    if (process.platform === 'win32') return;
    this.#leave();
    process.kill(process.pid, 'SIGTSTP');
    // A process that no other could wake is not stopped by the system.
    setImmediate(this.#resume);
  }

  readonly #resume = (): void => {
    if (this.#isOpen && this.#isAway) this.#enter();
    this.#repaint();
  };
}

const PLAIN_COLUMNS = 120;

class PlainScreen implements Screen {
  readonly #options: ScreenOptions;
  readonly #timer: NodeJS.Timeout;

  constructor(options: ScreenOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.redraw(), options.plainIntervalMs ?? Math.max(10_000, options.intervalMs));
    this.redraw();
  }

  redraw(): void {
    const { output, render } = this.#options;
    if (output.writableNeedDrain) return;
    const lines = render({ columns: PLAIN_COLUMNS, rows: Infinity }).map((line) => lineText(line, PLAIN_COLUMNS));
    output.write(`${lines.join('\n')}\n\n`);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
