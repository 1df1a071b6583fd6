/**
 * The view of a running program on its terminal: a status screen or a prompt, and the log beside
 * it.
 */
import type { Logging } from '@relay/logging';
import { openPrompt, openScreen, type PromptCommand, type ScreenLine } from '@relay/terminal';
import { guarded } from './periodic.js';

export interface LiveView {
  close(): void;
}

const SCREEN_EVERY_MS = 1000;
const LOG_LINES_KEPT = 200;

/**
 * Opens a screen that shows the result of `lines`, once a second, and the newest log lines below.
 * If `lines` throws, the screen shows its last result.
 */
export function openLiveScreen(logs: Logging, lines: () => readonly ScreenLine[], quit: () => void): LiveView {
  const newest: string[] = [];
  let upper: readonly ScreenLine[] = [];
  const look = guarded(logs.logger('screen'), 'the status screen', () => (upper = lines()));
  if (process.stdout.isTTY) {
    logs.redirectConsole((line) => {
      newest.push(line);
      if (newest.length > LOG_LINES_KEPT) newest.shift();
    });
  }
  const screen = openScreen({
    output: process.stdout,
    input: process.stdin,
    intervalMs: SCREEN_EVERY_MS,
    onQuit: quit,
    render: ({ rows }) => {
      look();
      const room = rows - upper.length - 2;
      if (room < 1 || newest.length === 0) return upper;
      return [...upper, '', { text: 'log', style: 'bold' }, ...newest.slice(-room)];
    },
  });
  return {
    close: () => {
      screen.close();
      logs.redirectConsole();
    },
  };
}

/** Opens a prompt. Log lines appear above the line that the user types. */
export function openLivePrompt(
  logs: Logging,
  commands: Readonly<Record<string, PromptCommand>>,
  historyFile: string | undefined,
  quit: () => void,
): LiveView {
  const prompt = openPrompt({
    input: process.stdin,
    output: process.stdout,
    prompt: 'relay> ',
    commands,
    ...(historyFile !== undefined && { historyFile }),
    onClose: () => {
      logs.redirectConsole();
      quit();
    },
  });
  if (process.stdin.isTTY && process.stdout.isTTY) logs.redirectConsole((line) => prompt.print(line));
  return { close: () => prompt.close() };
}
