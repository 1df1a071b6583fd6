import type { Problem } from '../problem.js';
import { wrongValue } from '../problem.js';
import type { Schema } from '../schema.js';
import { HIDDEN, shown } from '../shown.js';
import type { Layer, Setting } from './setting.js';

/**
 * The settings in flags: the object that yargs makes of `yargsOptions`. Flags that are no options
 * are left to yargs.
 */
export function readFlags(schema: Schema<unknown>, flags: Readonly<Record<string, unknown>>): Layer {
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  for (const placed of schema.options) {
    const { flag, key, option } = placed;
    const given = flag !== undefined && Object.hasOwn(flags, flag) ? flags[flag] : undefined;
    if (flag === undefined || given === undefined) continue;
    const source = { text: `flag --${flag}` };
    const isArray = option.definition.array === true;
    if (Array.isArray(given) && !isArray) {
      const value = option.isSecret ? HIDDEN : shown(given);
      problems.push(wrongValue({ key, source, value, expected: 'one value', suggestion: undefined }));
      continue;
    }
    const raw = isArray && !Array.isArray(given) ? [given] : given;
    settings.push({ placed, raw: asText(raw), form: 'text', origin: 'flag', sourceOf: () => source });
  }
  return { settings, problems };
}

/** yargs gives booleans for `--flag` and `--no-flag`. */
function asText(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(asText);
  return typeof raw === 'boolean' || typeof raw === 'number' ? String(raw) : raw;
}
