/**
 * The view of a running program on its terminal: a status screen or a prompt, and the log beside
 * it.
 */
import type { Logging } from '@relay/logging';
import { openPrompt, openScreen, type NamedKey, type PromptCommand, type ScreenLine } from '@relay/terminal';
import { redirectAnnouncements } from './announce.js';
import { guarded } from './periodic.js';
import { screenPage } from './screen-layout.js';

export interface LiveView {
  close(): void;
}

const SCREEN_EVERY_MS = 1000;
const LOG_LINES_KEPT = 200;

/**
 * Opens a screen that shows the result of `lines`, once a second, the newest log lines below, and
 * the keys in its last line. `q` asks before it calls `quit`, since that ends the `noun` (server);
 * Ctrl-C does not ask. If `lines` throws, the screen shows its last result.
 */
export function openLiveScreen(
  logs: Logging,
  noun: string,
  lines: () => readonly ScreenLine[],
  quit: () => void,
): LiveView {
  const view = new ProgramScreen(noun, quit);
  const look = guarded(logs.logger('screen'), 'the status screen', () => (view.upper = lines()));
  const isScreen = process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  if (isScreen) {
    logs.redirectConsole(view.addLog);
    redirectAnnouncements(view.addLog);
  }
  const screen = openScreen({
    output: process.stdout,
    input: process.stdin,
    intervalMs: SCREEN_EVERY_MS,
    onQuit: (by) => {
      view.quit(by === 'interrupt');
      screen.redraw();
    },
    onKey: (key) => {
      view.press(key);
      screen.redraw();
    },
    render: ({ rows }) => {
      look();
      return isScreen ? view.page(rows) : view.upper;
    },
  });
  return {
    close: () => {
      screen.close();
      logs.redirectConsole();
      redirectAnnouncements();
    },
  };
}

/** What a program's screen shows, and what its keys do. */
class ProgramScreen {
  upper: readonly ScreenLine[] = [];
  readonly #noun: string;
  readonly #quit: () => void;
  readonly #log: string[] = [];
  #offset = 0;
  #pageRows = 1;
  #isAsked = false;

  constructor(noun: string, quit: () => void) {
    this.#noun = noun;
    this.#quit = quit;
  }

  readonly addLog = (line: string): void => {
    this.#log.push(line);
    if (this.#log.length > LOG_LINES_KEPT) this.#log.shift();
  };

  quit(isSure: boolean): void {
    if (isSure || this.#isAsked) this.#quit();
    else this.#isAsked = true;
  }

  press(key: NamedKey): void {
    this.#isAsked = false;
    const steps: Partial<Record<NamedKey, number>> = {
      ...{ up: -1, down: 1, home: -Infinity, end: Number.MAX_SAFE_INTEGER },
      ...{ 'page-up': -this.#pageRows, 'page-down': this.#pageRows },
    };
    this.#offset = Math.max(0, this.#offset + (steps[key] ?? 0));
  }

  page(rows: number): readonly ScreenLine[] {
    const keys = this.#isAsked
      ? `q again stops the ${this.#noun}; any other key goes on`
      : `q: stop the ${this.#noun}   ↑ ↓ PgUp PgDn: scroll   Ctrl-L: redraw`;
    const page = screenPage({ upper: this.upper, log: this.#log, keys }, rows, this.#offset);
    this.#offset = page.offset;
    this.#pageRows = page.pageRows;
    return page.lines;
  }
}

/** Opens a prompt. Log lines appear above the line that the user types. */
export function openLivePrompt(
  logs: Logging,
  commands: Readonly<Record<string, PromptCommand>>,
  historyFile: string | undefined,
  quit: () => void,
): LiveView {
  const giveBack = (): void => {
    logs.redirectConsole();
    redirectAnnouncements();
  };
  const prompt = openPrompt({
    input: process.stdin,
    output: process.stdout,
    prompt: 'relay> ',
    commands,
    ...(historyFile !== undefined && { historyFile }),
    onClose: () => {
      giveBack();
      quit();
    },
  });
  if (process.stdin.isTTY && process.stdout.isTTY) {
    logs.redirectConsole((line) => prompt.print(line));
    redirectAnnouncements((line) => prompt.print(line));
  }
  return {
    close: () => {
      prompt.close();
      giveBack();
    },
  };
}
