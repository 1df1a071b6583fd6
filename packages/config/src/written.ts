import { stringify } from 'smol-toml';
import type { Configuration } from './configuration.js';
import { Refusal } from './refusal.js';
import type { Option, Schema } from './schema.js';
import type { Form } from './format/format.js';

/**
 * A value as a file would have it. Flags and the environment give texts; a file has numbers and
 * booleans for some of them.
 */
export function written(option: Option<unknown>, raw: unknown, form: Form): unknown {
  if (form === 'data' || !(option.parse(raw, 'data') instanceof Refusal)) return raw;
  const candidates = [raw, Array.isArray(raw) ? raw.map(dataOf) : dataOf(raw)];
  return candidates.find((candidate) => !(option.parse(candidate, 'data') instanceof Refusal)) ?? raw;
}

function dataOf(text: unknown): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return typeof text === 'string' && /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Values by key, in the order of the schema, as a file can have them. Secrets are left out. */
export function writtenValues(
  schema: Schema<unknown>,
  { sources }: Configuration<unknown>,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const { path, key, inFile } of schema.options) {
    const value = inFile ? sources.get(key)?.written : undefined;
    if (value === undefined) continue;
    // Keys were checked when the schema was defined: none of them means anything to an object.
    let table = values;
    for (const name of path.slice(0, -1)) table = (table[name] ??= {}) as Record<string, unknown>;
    table[path.at(-1) ?? ''] = value;
  }
  return values;
}

/**
 * A configuration file in TOML that says the same as a configuration. Secrets are left out; a
 * comment says so. `defaults` adds values of options that the configuration leaves to the program.
 */
export function formatConfiguration(
  schema: Schema<unknown>,
  configuration: Configuration<unknown>,
  defaults: Readonly<Record<string, unknown>> = {},
): string {
  const hidden = schema.options.flatMap(({ key, inFile, option }) => {
    const source = inFile && option.isSecret ? configuration.sources.get(key)?.source : undefined;
    return source === undefined ? [] : [`# ${key} is a secret and is left out here (${source})\n`];
  });
  return hidden.join('') + stringify({ ...defaults, ...writtenValues(schema, configuration) });
}
