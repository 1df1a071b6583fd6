import { PassThrough } from 'node:stream';
import type { ConsoleOptions } from '../../src/index.js';

/** A console whose text can be read. */
export function consoleText(
  format: ConsoleOptions['format'],
  colours = false,
): { console: ConsoleOptions; text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { console: { format: format ?? 'auto', stream, colours }, text: () => Buffer.concat(chunks).toString() };
}

/** A console whose records can be read. */
export function consoleRecords(): { console: ConsoleOptions; records: () => Record<string, unknown>[] } {
  const { console, text } = consoleText('json');
  const lines = () => text().split('\n').slice(0, -1);
  return { console, records: () => lines().map((line) => JSON.parse(line) as Record<string, unknown>) };
}
