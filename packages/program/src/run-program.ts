import { inspect } from 'node:util';
import { escapeUntrusted } from '@relay/logging';
import { ConfigurationError } from '@relay/config';
import { EXIT, ProgramFailure, type ExitCode } from './exit-code.js';
import { surviveOutputFaults } from './output.js';
import { systemRefusal } from './system-reason.js';

export interface RunOptions {
  /** The program's name. Each line of its errors begins with it. */
  readonly program: string;
  /** True to add the stack trace and the chain of causes (`--log-level debug`). */
  readonly isVerbose: boolean;
}

/**
 * Runs a command to its end and turns an error into lines on stderr and an exit code. An error that
 * is neither a {@link ProgramFailure} nor a ConfigurationError is reported as a fault of the
 * program. A write to stdout that fails (`| head -1`, a full disk) does not end the command.
 */
export async function runProgram({ program, isVerbose }: RunOptions, command: () => Promise<void>): Promise<void> {
  surviveOutputFaults(program);
  try {
    await command();
  } catch (error) {
    const { lines, exitCode } = explain(error);
    const begun = lines.map((line) => `${program}: ${line}`);
    const details = isVerbose ? inspect(error).split('\n') : [];
    for (const line of [...begun, ...details]) process.stderr.write(`${escapeUntrusted(line, MAX_LINE_LENGTH)}\n`);
    process.exitCode = exitCode;
  }
}

const MAX_LINE_LENGTH = 1000;

function explain(error: unknown): { lines: string[]; exitCode: ExitCode } {
  if (error instanceof ProgramFailure) return { lines: [error.message], exitCode: error.exitCode };
  if (error instanceof ConfigurationError) return { lines: error.message.split('\n'), exitCode: EXIT.usage };
  const refusal = systemRefusal(error);
  if (refusal !== undefined) return { lines: [refusal], exitCode: EXIT.failed };
  const message = error instanceof Error ? error.message : String(error);
  return {
    lines: [`internal error: ${message} (please report it; --log-level debug shows more)`],
    exitCode: EXIT.failed,
  };
}
