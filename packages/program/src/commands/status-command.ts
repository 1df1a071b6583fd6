import { openScreen } from '@relay/terminal';
import type { CommandModule, Options } from 'yargs';
import type { Flags } from '../configured.js';
import { printResult } from './print.js';

const WATCH_EVERY_MS = 1000;

export interface StatusCommandOptions<Status> {
  readonly describe: string;
  readonly options: Record<string, Options>;
  /** Asks the running program. */
  readonly ask: (flags: Flags) => Promise<Status>;
  /** Makes a view of the status; one view shows rates between its calls. */
  readonly view: () => { lines(status: Status): readonly string[] };
}

/** `status [--json] [--watch]` of a program. */
export function statusCommand<Status>({
  describe,
  options,
  ask,
  view,
}: StatusCommandOptions<Status>): CommandModule<object, Flags> {
  return {
    command: 'status',
    describe,
    builder: (cli) =>
      cli.options(options).options({
        json: { type: 'boolean', describe: 'Print JSON' },
        watch: { type: 'boolean', describe: 'Show it live until q or Ctrl-C' },
      }),
    handler: async (flags) => {
      if (flags['watch'] === true) await watch(() => ask(flags), view());
      else printResult(flags, await ask(flags), (status) => view().lines(status));
    },
  };
}

async function watch<Status>(
  ask: () => Promise<Status>,
  view: { lines(status: Status): readonly string[] },
): Promise<void> {
  let status: Status = await ask();
  await new Promise<void>((resolve, reject) => {
    const timer = setInterval(() => {
      ask().then((next) => {
        status = next;
      }, end);
    }, WATCH_EVERY_MS);
    const screen = openScreen({
      output: process.stdout,
      input: process.stdin,
      render: () => view.lines(status),
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
