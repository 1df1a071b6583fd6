import { escapeUntrusted } from '@relay/logging';
import type { Flags } from '../configured.js';
import { jsonLine } from '../json-line.js';

const MAX_LINE_LENGTH = 500;

/**
 * Prints the result of a command: as JSON if the user gave `--json`, otherwise as lines for people.
 * Resolves once that is done, with whether it could be written.
 */
export function printResult<T>(flags: Flags, result: T, linesOf: (result: T) => readonly string[]): Promise<boolean> {
  const lines =
    flags['json'] === true ? [jsonLine(result)] : linesOf(result).map((line) => escapeUntrusted(line, MAX_LINE_LENGTH));
  const text = lines.map((line) => `${line}\n`).join('');
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(error === undefined || error === null));
  });
}
