/** The verbs that every program has. */
import { option } from '@relay/config';
import type { Logging } from '@relay/logging';
import { changeLevel } from '../change-level.js';
import type { PendingSetting } from '../live-configuration.js';
import { logLevel } from '../log-level.js';
import { withPending, type ProgramStatus, type RunningStatus } from '../program-status.js';
import { verb, type AdminPlace, type Lines, type Verb } from '../verb/verb.js';

/** The part of a running program that `status` uses. */
export interface WithStatus<Status> {
  readonly own: { status(): Status };
  readonly restartPending: readonly PendingSetting[];
}

/** The part of a running program that `reload` uses. */
export interface WithReload {
  readonly reload: () => Promise<readonly string[]>;
}

/** The part of a running program that `log` uses. */
export interface WithLogs {
  readonly logs: Logging;
}

/** The part of a running program that `stop` uses. */
export interface WithStop {
  readonly stop: () => void;
}

/**
 * Makes the verb `status`, which shows the state of the program. `newLines` makes its lines, and
 * `noun` names the program (`server`).
 */
export function statusVerb<Status extends ProgramStatus>(
  noun: string,
  newLines: () => Lines<Status>,
): Verb<WithStatus<Status>, AdminPlace> {
  return verb({
    name: 'status',
    describe: `Show the status of the running ${noun}`,
    examples: [
      ['', 'the status now'],
      ['--watch', 'the status live, until q'],
      ['--json', 'the status for programs'],
    ],
    answer: ({ own, restartPending }: WithStatus<Status>): RunningStatus<Status> => ({
      ...own.status(),
      restartPending,
    }),
    lines: (status) => pendingToo(newLines())(status),
    newLines: () => pendingToo(newLines()),
  });
}

/** The lines of a status, and those of what waits for a restart. */
const pendingToo =
  <Status extends ProgramStatus>(lines: Lines<Status>): Lines<RunningStatus<Status>> =>
  (status) =>
    withPending(lines(status), status.restartPending);

/** Makes the verb `reload`. `what` names what it reads again, such as `its configuration file`. */
export function reloadVerb(noun: string, what: string): Verb<WithReload, AdminPlace> {
  return verb({
    name: 'reload',
    describe: `Let the running ${noun} read ${what} again`,
    examples: [
      ['', 'one line for each change'],
      ['--json', 'the changes for programs'],
    ],
    answer: async (running: WithReload) => ({ changes: await running.reload() }),
    lines: ({ changes }) => (changes.length === 0 ? ['nothing has changed'] : changes),
  });
}

/** The verb `log` changes the level of the log. */
export const logVerb = verb({
  name: 'log',
  describe: 'Change what is logged, until a restart or a change of logLevel',
  examples: [
    ['debug', 'log everything but traces'],
    ['info,session=debug', 'log more of one part'],
  ],
  words: {
    level: option({ format: logLevel, required: true, doc: 'error, warn, info, debug or trace; info,session=debug' }),
  },
  answer: ({ logs }: WithLogs, { level }) => ({ level: changeLevel(logs, level) }),
  lines: ({ level }) => [`log level ${level}`],
});

/** Makes the verb `stop`, which begins the end of the program. */
export function stopVerb(noun: string): Verb<WithStop, AdminPlace> {
  return verb({
    name: 'stop',
    describe: `Stop the running ${noun}`,
    examples: [
      ['', 'end it cleanly'],
      ['--json', 'print its process id for programs'],
    ],
    answer: ({ stop }: WithStop) => {
      stop();
      return { pid: process.pid };
    },
    lines: () => [`the ${noun} is stopping`],
  });
}
