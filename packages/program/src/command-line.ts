import { readFileSync } from 'node:fs';
import { suggestionFor } from '@relay/config';
import yargs, { type Argv, type CommandModule } from 'yargs';
import type { Flags } from './configured.js';
import { EXIT, ProgramFailure } from './exit-code.js';
import { runProgram } from './run-program.js';

export interface CommandLine {
  /** The program's name, as users type it. */
  readonly program: string;
  /** The location of the package.json that holds the version. */
  readonly packageJson: URL;
  /** The arguments without the interpreter and the script. */
  readonly args: readonly string[];
  /** The commands. The first one runs when the user names none. */
  readonly commands: readonly CommandModule<object, Flags>[];
}

/**
 * Parses the command line and runs the command. yargs converts nothing: values stay texts, and the
 * strict formats of the configuration read them. A `--` right after the program's name is skipped,
 * because `pnpm … start -- --flag` passes it on.
 */
export async function runCommandLine(commandLine: CommandLine): Promise<void> {
  const { program, args } = commandLine;
  const given = args[0] === '--' ? args.slice(1) : args;
  await runProgram({ program, isVerbose: isVerbose(given) }, async () => {
    try {
      await parser(commandLine, given).parseAsync();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const advice =
        (await suggestion(commandLine, given, error.message)) ?? `${program} --help lists commands and options`;
      throw new ProgramFailure(EXIT.usage, `${error.message} (${advice})`);
    }
  });
}

/** A complaint of yargs about a command line. */
class UsageError extends Error {}

function parser({ program, packageJson, commands }: CommandLine, args: readonly string[]): Argv {
  const cli = yargs([...args])
    .scriptName(program)
    .usage('$0 <command> [options]')
    .locale('en')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
      'camel-case-expansion': false,
    })
    .version(versionOf(packageJson))
    .alias('h', 'help')
    .strict()
    .exitProcess(false)
    .showHelpOnFail(false)
    .wrap(Math.min(120, process.stdout.columns || 100))
    .fail((message: string, error: Error | undefined) => {
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new UsageError(firstLine(error?.message ?? message));
    });
  for (const command of commands) cli.command(command);
  return cli;
}

/**
 * Returns the command or flag that the user probably meant by the first word that yargs does not
 * know. The candidates are the commands and flags that the help lists there.
 */
async function suggestion(
  commandLine: CommandLine,
  args: readonly string[],
  message: string,
): Promise<string | undefined> {
  const unknown = /^Unknown (?:argument|command)s?: ([^,]+)/.exec(message)?.[1];
  if (unknown === undefined) return undefined;
  const at = args.findIndex((arg) => arg.replace(/^--?/, '').split('=')[0] === unknown);
  const firstOther = args.findIndex((arg, index) => index === at || !/^[a-z]+$/.test(arg));
  const words = args.slice(0, Math.max(0, firstOther));
  const help = await parser(commandLine, words).getHelp();
  const meant = args[at]?.startsWith('-')
    ? suggestionFor(`--${unknown}`, matches(help, /^ +(?:-\w, )?(--[\w-]+)/gm))
    : suggestionFor(unknown, matches(help, new RegExp(`^ +${[commandLine.program, ...words].join(' ')} (\\w+)`, 'gm')));
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}

const matches = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, name = '']) => name);

/** Reads the arguments before yargs does, so that a parse error can be verbose too. */
function isVerbose(args: readonly string[]): boolean {
  const at = args.findIndex((arg) => arg === '--log-level' || arg.startsWith('--log-level='));
  const level = args[at]?.split('=')[1] ?? args[at + 1] ?? '';
  return at !== -1 && /^(?:debug|trace)/.test(level);
}

function versionOf(packageJson: URL): string {
  const content: unknown = JSON.parse(readFileSync(packageJson, 'utf8'));
  return typeof content === 'object' && content !== null && 'version' in content ? String(content.version) : 'unknown';
}

const firstLine = (text: string): string => text.split('\n').find((line) => line.trim() !== '') ?? text;
