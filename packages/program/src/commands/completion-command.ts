import { completionScript, type Schema, type Shell } from '@relay/config';
import type { CommandModule } from 'yargs';
import type { Flags } from '../configured.js';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** Makes the command `completion SHELL` for a program with this schema and these commands. */
export function completionCommand(
  schema: Schema<unknown>,
  commands: readonly CommandModule<object, Flags>[],
): CommandModule<object, Flags> {
  return {
    command: 'completion <shell>',
    describe: 'Print a script that completes commands and flags in bash, zsh or fish',
    builder: (cli) =>
      cli.positional('shell', { choices: SHELLS, demandOption: true, describe: 'Which shell it is for' }),
    handler: (flags) => {
      const shell = SHELLS.find((candidate) => candidate === flags['shell']) ?? 'bash';
      process.stdout.write(completionScript(schema, shell, { commands: summaries(commands) }));
    },
  };
}

function summaries(commands: readonly CommandModule<object, Flags>[]): Record<string, string> {
  const named = commands.map(({ command, describe }) => {
    const [first = ''] = [command ?? ''].flat();
    return [first.split(' ')[0] ?? '', typeof describe === 'string' ? describe : ''] as const;
  });
  return Object.fromEntries(named);
}
