import { stringify } from 'smol-toml';
import type { Configuration } from './configuration.js';
import type { Schema } from './schema.js';

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
