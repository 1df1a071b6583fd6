import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the records of the log files of this kind in a folder, the oldest first. */
export function logRecords(folder: string, kind: 'relay' | 'metrics' = 'relay'): Record<string, unknown>[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(kind) && name.endsWith('.log'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => Object.fromEntries(Object.entries(JSON.parse(line) as object)));
}
