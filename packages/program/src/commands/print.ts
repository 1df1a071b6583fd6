import { escapeUntrusted } from '@relay/logging';
import type { Flags } from '../configured.js';
import { jsonLine } from '../json-line.js';

const MAX_LINE_LENGTH = 500;

/**
 * Prints the result of a command: as JSON if the user gave `--json`, otherwise as lines for people.
 */
export function printResult<T>(flags: Flags, result: T, linesOf: (result: T) => readonly string[]): void {
  if (flags['json'] === true) process.stdout.write(`${jsonLine(result)}\n`);
  else for (const line of linesOf(result)) process.stdout.write(`${escapeUntrusted(line, MAX_LINE_LENGTH)}\n`);
}
