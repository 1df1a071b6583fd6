import { EXIT } from './exit-code.js';

/** Takes why stdout could not be written. */
export type OutputFault = (error: NodeJS.ErrnoException) => void;

let isHandled = false;
let program = '';

/** Of a command whose purpose is to print. */
const commandFailed: OutputFault = (error) => {
  if (process.exitCode === EXIT.failed) return;
  process.exitCode = EXIT.failed;
  process.stderr.write(`${program}: cannot write to stdout: ${error.message}\n`);
};

let report = commandFailed;

/**
 * From now on a write to stdout or stderr that fails throws nothing. A reader of stdout that went
 * away (EPIPE: `| head -1`) is no failure; anything else (ENOSPC) is reported: by the log of a
 * program that runs, otherwise on stderr and by exit code 1.
 */
export function surviveOutputFaults(programName: string): void {
  program = programName;
  if (isHandled) return;
  isHandled = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') report(error);
  });
  // There is no other place to say it.
  process.stderr.on('error', () => undefined);
}

/**
 * Who takes the faults of stdout from now on: a program that runs has a log for them, and more to
 * do than to print.
 */
export function reportOutputFaults(to: OutputFault): void {
  report = to;
}
