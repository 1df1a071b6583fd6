import { readFileSync } from 'node:fs';
import { suggestionFor } from '@relay/config';
import { isNativeAvailable } from '@relay/socket';
import type { Command, Example } from './command/command.js';
import { helpOf, usageOf } from './command/help.js';
import { locate, optionsOf, type Located } from './command/locate.js';
import { parse, UsageError } from './command/parser.js';
import { answerCompletion, ASK } from './command/shells.js';
import { EXIT, ProgramFailure } from './exit-code.js';
import { runProgram } from './run-program.js';

export interface CommandLine {
  /** The program's name, as users type it. */
  readonly program: string;
  /** One sentence for the help. */
  readonly describe: string;
  /** The location of the package.json that holds the version. */
  readonly packageJson: URL;
  /** The arguments without the interpreter and the script. */
  readonly args: readonly string[];
  /** The commands. The first one runs when the user names none, if it takes no words. */
  readonly commands: readonly Command[];
  /** Command lines for the help of the program. */
  readonly examples?: readonly Example[];
  /** The address of the documents, for the help. */
  readonly documents?: string;
}

/**
 * Parses the command line and runs the command. Values stay texts, and the strict formats of the
 * configuration read them. A `--` right after the program's name is skipped, because
 * `pnpm … start -- --flag` passes it on.
 */
export async function runCommandLine(commandLine: CommandLine): Promise<void> {
  const { args } = commandLine;
  const program = programOf(commandLine);
  const given = args[0] === '--' ? args.slice(1) : args;
  await runProgram({ program: program.name, isVerbose: isVerbose(given) }, async () => {
    if (given[0] === ASK) process.stdout.write(await answerCompletion(program, given.slice(1)));
    else await run(commandLine, program, given);
  });
}

/** Returns the root of the tree. Without a command it takes the options of the first one. */
export function programOf({ program, describe, commands, examples = [] }: CommandLine): Command {
  return { name: program, describe, commands, examples, options: commands[0]?.options ?? [] };
}

async function run(commandLine: CommandLine, program: Command, given: readonly string[]): Promise<void> {
  const { documents, packageJson } = commandLine;
  const located = locate(program, given);
  if (located.flags['help'] === true) process.stdout.write(helpOf(located, { documents }));
  else if (located.flags['version'] === true) process.stdout.write(`${versionLine(program.name, packageJson)}\n`);
  else
    try {
      await parse(program, given);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const advice = suggestion(located, given, error.message) ?? helpAdvice(located);
      throw new ProgramFailure(EXIT.usage, `${plainComplaint(error.message)} (${advice})`);
    }
}

/** Says a complaint of yargs in the words of this program. */
function plainComplaint(message: string): string {
  const tooFew = /^Not enough non-option arguments: got (\d+), need at least (\d+)/.exec(message);
  if (tooFew !== null) {
    const missing = Number(tooFew[2]) - Number(tooFew[1]);
    return missing === 1 ? 'an argument is missing' : `${missing} arguments are missing`;
  }
  const valueless = /^Not enough arguments following: (.+)$/m.exec(message);
  return valueless === null ? firstLine(message) : `--${valueless[1] ?? ''} needs a value`;
}

/** How to learn what the command takes: its usage, and the help about it. */
function helpAdvice({ path, command }: Located): string {
  const name = path.map((each) => each.name).join(' ');
  if (path.length === 1) return `${name} --help lists commands and options`;
  const usage = (command.words ?? []).length > 0 ? `usage: ${usageOf(path, false)}; ` : '';
  return `${usage}${name} --help tells more`;
}

/**
 * Returns the command or flag that the user probably meant by the first word that the command does
 * not know.
 */
function suggestion(located: Located, args: readonly string[], message: string): string | undefined {
  const unknown = /^Unknown (?:argument|command)s?: ([^,]+)/.exec(message)?.[1];
  if (unknown === undefined) return undefined;
  const isFlag = args.some((arg) => arg.startsWith('-') && arg.replace(/^--?/, '').split('=')[0] === unknown);
  const meant = isFlag
    ? suggestionFor(
        `--${unknown}`,
        optionsOf(located).map(({ flag = '' }) => `--${flag}`),
      )
    : suggestionFor(
        unknown,
        (located.command.commands ?? []).map(({ name }) => name),
      );
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}

/** Reads the arguments before yargs does, so that a parse error can be verbose too. */
function isVerbose(args: readonly string[]): boolean {
  const at = args.findIndex((arg) => arg === '--log-level' || arg.startsWith('--log-level='));
  const level = args[at]?.split('=')[1] ?? args[at + 1] ?? '';
  return at !== -1 && /^(?:debug|trace)/.test(level);
}

/** What a report of a fault needs: version, engine and Node.js. */
function versionLine(program: string, packageJson: URL): string {
  const content: unknown = JSON.parse(readFileSync(packageJson, 'utf8'));
  const version =
    typeof content === 'object' && content !== null && 'version' in content ? String(content.version) : 'unknown';
  const engine = isNativeAvailable() ? 'native' : 'dgram';
  return `${program} ${version}, engine ${engine}, Node.js ${process.versions.node}`;
}

const firstLine = (text: string): string => text.split('\n').find((line) => line.trim() !== '') ?? text;
