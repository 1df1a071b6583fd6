import type { Schema } from './schema.js';

/** The part of yargs' `Options` that is used. */
export interface YargsOption {
  readonly alias?: string;
  readonly describe: string;
  readonly group?: string;
  readonly type: 'string' | 'boolean';
  readonly nargs?: 0;
  readonly defaultDescription?: string;
}

/**
 * Flags for `yargs.options(…)`. yargs converts nothing and fills in no defaults: values stay texts,
 * and `loadConfiguration` sees which flags were given. `--flag` and `--no-flag` are the two forms
 * of a boolean.
 */
export function yargsOptions(schema: Pick<Schema<unknown>, 'options'>): Record<string, YargsOption> {
  const flags: Record<string, YargsOption> = {};
  for (const { flag, option } of schema.options) {
    if (flag === undefined) continue;
    const { alias, doc, group, defaultDoc, secret } = option.definition;
    const shown = defaultDoc ?? (secret === true ? undefined : describeDefault(option.default));
    flags[flag] = {
      describe: doc + valuesOf(option),
      ...(alias !== undefined && { alias }),
      // yargs lists groups in the order of their first flags, and its own last.
      group: `${group ?? 'Options'}:`,
      ...(shown !== undefined && { defaultDescription: shown }),
      ...(option.format.name === 'boolean' ? { type: 'boolean', nargs: 0 } : { type: 'string' }),
    };
  }
  return flags;
}

/** The words that a flag takes, and whether it can be given again. */
function valuesOf({ definition, format }: Schema<unknown>['options'][number]['option']): string {
  const { completion } = format;
  // A choice is named by its words.
  const isListed = Array.isArray(completion) && format.name === completion.join(' | ');
  return `${isListed ? ` (${format.expected})` : ''}${definition.array === true ? ' (repeatable)' : ''}`;
}

/** A default as a user would write it; `undefined` if there is none worth showing. */
export function describeDefault(value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === undefined || (Array.isArray(value) && value.length === 0) ? undefined : JSON.stringify(value);
}
