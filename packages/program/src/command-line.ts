import { readFileSync } from 'node:fs';
import yargs, { type CommandModule } from 'yargs';
import type { Flags } from './configured.js';
import { EXIT, ProgramFailure } from './exit-code.js';
import { runProgram } from './run-program.js';

export interface CommandLine {
  /** The program's name, as users type it. */
  readonly program: string;
  /** Where its package.json lies; the version is read from there. */
  readonly packageJson: URL;
  /** Without the interpreter and the script. */
  readonly args: readonly string[];
  /** The first one runs when no command is given. */
  readonly commands: readonly CommandModule<object, Flags>[];
}

/**
 * Parses the command line and runs the command. yargs converts nothing: values stay texts for the strict formats of the
 * configuration. A `--` right after the program's name, as `pnpm … start -- --flag` passes it on, is skipped.
 */
export async function runCommandLine({ program, packageJson, args, commands }: CommandLine): Promise<void> {
  const given = args[0] === '--' ? args.slice(1) : args;
  await runProgram({ program, isVerbose: isVerbose(given) }, async () => {
    const cli = yargs([...given])
      .scriptName(program)
      .usage('$0 <command> [options]')
      .parserConfiguration({
        'parse-numbers': false,
        'parse-positional-numbers': false,
        'dot-notation': false,
        'camel-case-expansion': false,
      })
      .version(versionOf(packageJson))
      .alias('h', 'help')
      .strict()
      .recommendCommands()
      .exitProcess(false)
      .showHelpOnFail(false)
      .wrap(Math.min(120, process.stdout.columns || 100))
      .fail((message: string, error: Error | undefined) => {
        if (error !== undefined && error.name !== 'YError') throw error;
        const told = firstLine(error?.message ?? message);
        throw new ProgramFailure(EXIT.usage, `${told} (${program} --help lists commands and options)`);
      });
    for (const command of commands) cli.command(command);
    await cli.parseAsync();
  });
}

/** Known before anything is parsed, so that a failure to parse can be verbose too. */
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
