import { openScreen } from '@relay/terminal';

const WATCH_EVERY_MS = 1000;

/**
 * Asks once a second and shows the answer live, until the user presses `q` or Ctrl-C, or a question
 * fails. Rejects with the failure of that question.
 */
export async function watch<Answer>(
  ask: () => Promise<Answer>,
  lines: (answer: Answer) => readonly string[],
): Promise<void> {
  let answer: Answer = await ask();
  await new Promise<void>((resolve, reject) => {
    const timer = setInterval(() => {
      ask().then((next) => {
        answer = next;
      }, end);
    }, WATCH_EVERY_MS);
    const screen = openScreen({
      output: process.stdout,
      input: process.stdin,
      render: () => lines(answer),
      intervalMs: WATCH_EVERY_MS,
      onQuit: () => end(),
    });
    const end = (error?: unknown): void => {
      clearInterval(timer);
      screen.close();
      if (error instanceof Error) reject(error);
      else resolve();
    };
  });
}
