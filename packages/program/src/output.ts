import { EXIT } from './exit-code.js';

/** Takes the reason why a write to stdout failed. */
export type OutputFault = (error: NodeJS.ErrnoException) => void;

let isHandled = false;
let program = '';

/** Handles the fault in a command whose purpose is to print. */
const commandFailed: OutputFault = (error) => {
  if (process.exitCode === EXIT.failed) return;
  process.exitCode = EXIT.failed;
  process.stderr.write(`${program}: cannot write to stdout: ${error.message}\n`);
};

let report = commandFailed;

/**
 * Makes writes to stdout and stderr that fail throw nothing from now on. If the reader of stdout
 * has gone (EPIPE, as in `| head -1`), that is no failure. Any other error (such as ENOSPC) is
 * reported: a running program logs it, a command writes it to stderr and exits with code 1.
 */
export function surviveOutputFaults(programName: string): void {
  program = programName;
  if (isHandled) return;
  isHandled = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') report(error);
  });
  // There is no other place to report this error.
  process.stderr.on('error', () => undefined);
}

/**
 * Passes the faults of stdout to `to` from now on. A running program has a log for them, and more
 * to do than to print.
 */
export function reportOutputFaults(to: OutputFault): void {
  report = to;
}
