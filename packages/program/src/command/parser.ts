/** The tree of commands, for yargs. */
import { yargsOptions } from '@relay/config';
import yargs, { type Argv, type CommandModule } from 'yargs';
import type { Flags } from '../configured.js';
import { EXIT, ProgramFailure } from '../exit-code.js';
import { isSwitch, type Command } from './command.js';
import { locate, optionsOf, typedFlag } from './locate.js';

/** A complaint of yargs about a command line. */
export class UsageError extends Error {}

/** How yargs reads words: it converts nothing. */
export const PLAIN_PARSING = {
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'dot-notation': false,
  'camel-case-expansion': false,
} as const;

/**
 * Parses the arguments and runs the command. Rejects with a {@link UsageError} if yargs does not
 * accept them, with a ProgramFailure for a switch that is neither true nor false, and with what the
 * command fails with.
 */
export async function parse(program: Command, args: readonly string[]): Promise<void> {
  const { before, after } = split(args);
  const known = optionsOf(locate(program, args));
  const held = new Map<string, string>();
  // A word after -- is a word, whatever it begins with: yargs gets a name for it without a dash.
  const words = after.map((word) => {
    if (!word.startsWith('-')) return word;
    const name = `\0${held.size}`;
    held.set(name, word);
    return name;
  });
  const given = [...before.map((arg) => plainSwitch(arg, known)), ...words];
  const restore = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(restore) : typeof value === 'string' ? (held.get(value) ?? value) : value;
  const cli = yargs(given)
    .scriptName(program.name)
    .locale('en')
    .parserConfiguration(PLAIN_PARSING)
    .help(false)
    .version(false)
    .strict()
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message: string, error: Error | undefined) => {
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new UsageError((error?.message ?? message).replaceAll(/\0\d+/g, (name) => held.get(name) ?? name));
    });
  for (const [i, command] of (program.commands ?? []).entries()) cli.command(moduleOf(command, i === 0, restore));
  await cli.parseAsync();
}

function split(args: readonly string[]): { before: readonly string[]; after: readonly string[] } {
  const at = args.indexOf('--');
  return at === -1 ? { before: args, after: [] } : { before: args.slice(0, at), after: args.slice(at + 1) };
}

/** Turns `--flag=true` and `--flag=false` into the two forms that yargs reads. */
function plainSwitch(arg: string, options: Parameters<typeof typedFlag>[1]): string {
  if (!arg.startsWith('-')) return arg;
  const { placed, isNegated, value } = typedFlag(arg, options);
  if (placed === undefined || value === undefined || !isSwitch(placed)) return arg;
  if (value !== 'true' && value !== 'false')
    throw new ProgramFailure(
      EXIT.usage,
      `--${placed.flag ?? ''}: expected true or false, not ${JSON.stringify(value)}`,
    );
  return (value === 'true') === isNegated ? `--no-${placed.flag ?? ''}` : `--${placed.flag ?? ''}`;
}

function moduleOf(
  command: Command,
  isDefault: boolean,
  restore: (value: unknown) => unknown,
): CommandModule<object, Flags> {
  const { name, words = [], options = [], commands = [], run } = command;
  const patterns = words.map(({ name: word, option: { definition } }) => {
    const dots = definition.array === true ? '..' : '';
    return definition.required === true ? `<${word}${dots}>` : `[${word}${dots}]`;
  });
  const pattern = [name, ...patterns].join(' ');
  return {
    // With words of its own it would take a misspelt command for one.
    command: isDefault && words.length === 0 ? [pattern, '$0'] : pattern,
    describe: false,
    builder: (cli: Argv) => {
      for (const { name: word, option } of words)
        cli.positional(word, { type: 'string', demandOption: option.definition.required === true });
      for (const inner of commands) cli.command(moduleOf(inner, false, restore));
      if (commands.length > 0) cli.demandCommand(1, `${name} needs a command: ${namesOf(commands)}`);
      return cli.options(yargsOptions({ options }));
    },
    handler: async (flags) => {
      await run?.(Object.fromEntries(Object.entries(flags).map(([flag, value]) => [flag, restore(value)])));
    },
  };
}

function namesOf(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  return names.length === 1 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
}
