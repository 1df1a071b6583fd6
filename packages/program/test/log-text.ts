import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns what the log files in a folder hold. */
export function logText(folder: string): string {
  const names = readdirSync(folder).filter((name) => name.startsWith('relay') && name.endsWith('.log'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('');
}
