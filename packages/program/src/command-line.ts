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
  /** Command lines for the help, without the name of the program, and what each does. */
  readonly examples?: readonly (readonly [line: string, what: string])[];
  /** The address of the documents, for the help. */
  readonly documents?: string;
}

const EXIT_CODES =
  'Exit codes: 0 done, 1 failed while running, 2 usage or configuration, 3 no answer (commands that ask a running program), 4 refused.';

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
      const advice = (await suggestion(commandLine, given, error.message)) ?? helpAdvice(commandLine, given);
      throw new ProgramFailure(EXIT.usage, `${plainComplaint(error.message)} (${advice})`);
    }
  });
}

/** A complaint of yargs about a command line. */
class UsageError extends Error {}

/** Says a complaint of yargs in the words of this program. */
function plainComplaint(message: string): string {
  const tooFew = /^Not enough non-option arguments: got (\d+), need at least (\d+)/.exec(message);
  if (tooFew !== null) {
    const missing = Number(tooFew[2]) - Number(tooFew[1]);
    return missing === 1 ? 'an argument is missing' : `${missing} arguments are missing`;
  }
  const unwanted = /^Argument unexpected for: (.+)$/m.exec(message);
  if (unwanted !== null) return `--${unwanted[1] ?? ''} takes no value`;
  const valueless = /^Not enough arguments following: (.+)$/m.exec(message);
  if (valueless !== null) return `--${valueless[1] ?? ''} needs a value`;
  const [, name = '', given = '', choices = ''] = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message) ?? [];
  if (name !== '') return `${name.toUpperCase()}: expected one of ${choices.replaceAll('"', '')}, not ${given}`;
  return firstLine(message);
}

/** How to learn what the command takes: its usage, and the help about it. */
function helpAdvice({ program, commands }: CommandLine, args: readonly string[]): string {
  const patterns = commands.map(({ command = '' }) => [command].flat()[0] ?? '');
  const pattern = patterns.find((each) => each.split(' ')[0] === args[0]);
  if (pattern === undefined) return `${program} --help lists commands and options`;
  const usage = pattern.includes(' ') ? `usage: ${program} ${usageOf(pattern)}; ` : '';
  return `${usage}${program} ${args[0] ?? ''} --help tells more`;
}

/** The pattern of a command as users read it: `invite <name>` is `invite NAME`. */
const usageOf = (pattern: string): string =>
  pattern
    .replaceAll(/<(\w+)>/g, (_, name: string) => name.toUpperCase())
    .replaceAll(/\[(\w+)\]/g, (_, name: string) => `[${name.toUpperCase()}]`);

function parser(commandLine: CommandLine, args: readonly string[]): Argv {
  const { program, packageJson, commands, examples = [], documents } = commandLine;
  const cli = yargs([...args])
    .scriptName(program)
    .usage('$0 <command> [options]')
    .locale('en')
    .updateStrings({ string: 'value' })
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
      throw new UsageError(error?.message ?? message);
    });
  for (const command of commands) cli.command(command);
  // Examples and exit codes belong to the program, not to each of its commands.
  if (commands.every(({ command = '' }) => [command].flat()[0]?.split(' ')[0] !== args[0] || args[0] === 'start')) {
    for (const [line, what] of examples) cli.example(`$0 ${line}`, what);
    cli.epilogue(documents === undefined ? EXIT_CODES : `${EXIT_CODES}\nDocuments: ${documents}`);
  }
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
