import { setTimeout as delay } from 'node:timers/promises';
import { openScreen, type ScreenLine } from '@relay/terminal';
import { EXIT, ProgramFailure } from '../exit-code.js';
import { jsonLine } from '../json-line.js';

const WATCH_EVERY_MS = 1000;
const KEYS: ScreenLine = { text: 'q: leave   Ctrl-L: redraw', style: 'dim' };

/** How a watched answer is shown. */
export interface WatchForm<Answer> {
  readonly lines: (answer: Answer) => readonly string[];
  /** True to print each answer as one line of JSON instead. */
  readonly json: boolean;
}

/**
 * Asks once a second and shows the answer live, until the user presses `q` or Ctrl-C, the reader of
 * stdout has gone, or the program refuses a question. Once the program has answered, the watch
 * waits for it through a restart. Rejects with the failure that ended it.
 */
export async function watch<Answer>(ask: () => Promise<Answer>, { lines, json }: WatchForm<Answer>): Promise<void> {
  const first = await ask();
  const reader = new AbortController();
  const gone = (): void => reader.abort();
  process.stdout.once('error', gone);
  try {
    if (json) await printEach(first, ask, reader.signal);
    else await showEach(first, ask, lines, reader.signal);
  } finally {
    process.stdout.off('error', gone);
  }
}

async function printEach<Answer>(first: Answer, ask: () => Promise<Answer>, gone: AbortSignal): Promise<void> {
  let answer: Answer | undefined = first;
  for (;;) {
    if (answer !== undefined) process.stdout.write(`${jsonLine(answer)}\n`);
    await delay(WATCH_EVERY_MS, undefined, { signal: gone }).catch(() => undefined);
    if (gone.aborted) return;
    answer = await ask().catch(unlessAway);
  }
}

function showEach<Answer>(
  first: Answer,
  ask: () => Promise<Answer>,
  lines: (answer: Answer) => readonly string[],
  gone: AbortSignal,
): Promise<void> {
  let answer = first;
  let isAway = false;
  return new Promise<void>((resolve, reject) => {
    const timer = setInterval(() => {
      ask()
        .catch(unlessAway)
        .then((next) => {
          isAway = next === undefined;
          if (next !== undefined) answer = next;
        }, end);
    }, WATCH_EVERY_MS);
    const screen = openScreen({
      output: process.stdout,
      input: process.stdin,
      render: ({ rows }) => withKeys([...(isAway ? [AWAY] : []), ...lines(answer)], rows),
      intervalMs: WATCH_EVERY_MS,
      onQuit: () => end(),
    });
    gone.addEventListener('abort', () => end());
    const end = (error?: unknown): void => {
      clearInterval(timer);
      screen.close();
      if (error instanceof Error) reject(error);
      else resolve();
    };
  });
}

const AWAY: ScreenLine = {
  text: 'the program does not answer: waiting for it; this is what it said last',
  style: 'warning',
};

/** The keys stand in the last row. Where the output is no screen, there are none. */
function withKeys(lines: readonly ScreenLine[], rows: number): readonly ScreenLine[] {
  if (!Number.isFinite(rows)) return lines;
  const shown = lines.slice(0, Math.max(0, rows - 1));
  return [...shown, ...Array<string>(Math.max(0, rows - 1 - shown.length)).fill(''), KEYS];
}

/** A program that restarts does not answer for a while. Any other failure ends the watch. */
function unlessAway(error: unknown): undefined {
  if (error instanceof ProgramFailure && error.exitCode === EXIT.unreachable) return undefined;
  throw error;
}
