import type { Problem } from '../problem.js';
import { HIDDEN, shown, wrongValue } from '../problem.js';
import type { Schema } from '../schema.js';
import type { Setting } from './setting.js';

/** What was given as flags: the object that yargs makes of `yargsOptions`. Flags that are no options are left to yargs. */
export function readFlags(
  schema: Schema<unknown>,
  flags: Readonly<Record<string, unknown>>,
): { settings: Setting[]; problems: Problem[] } {
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  for (const option of schema.options) {
    const { flag, key } = option;
    if (flag === undefined || !Object.hasOwn(flags, flag)) continue;
    const given = flags[flag];
    if (given === undefined) continue;
    const source = `flag --${flag}`;
    const { array, secret } = option.option.definition;
    if (Array.isArray(given) && array !== true) {
      const value = secret === true ? HIDDEN : shown(given);
      problems.push(wrongValue({ key, source, value, expected: 'it to be given once' }));
      continue;
    }
    const raw = array === true && !Array.isArray(given) ? [given] : given;
    settings.push({ option, raw: asText(raw), form: 'text', origin: 'flag', sourceOf: () => source });
  }
  return { settings, problems };
}

/** yargs gives booleans for `--flag` and `--no-flag`. */
function asText(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(asText);
  return typeof raw === 'boolean' || typeof raw === 'number' ? String(raw) : raw;
}
