import { isDeepStrictEqual } from 'node:util';
import type { Configuration } from './configuration.js';
import type { Schema } from './schema.js';

/**
 * One option whose value is another than before. `F` are the values by whole keys, so that `key`
 * tells the type of the rest.
 */
export type Difference<F> = {
  readonly [Key in keyof F]: {
    /** The option's whole key: `limits.sessions`. */
    readonly key: Key;
    /** Its value until now. */
    readonly before: F[Key];
    /** Its value from now on. */
    readonly after: F[Key];
    /** Can be applied without a restart. */
    readonly isLive: boolean;
    /** `logLevel: "info" -> "debug" (relay.toml:3:10)`; secrets are hidden. */
    readonly message: string;
  };
}[keyof F];

/** The changes from one configuration to another of the same schema, in the order of the schema. */
export function differences<V, F>(
  schema: Schema<V, F>,
  before: Configuration<V>,
  after: Configuration<V>,
): readonly Difference<F>[] {
  const found: unknown[] = [];
  for (const { key, path, option } of schema.options) {
    const [old, young] = [valueAt(before.values, path), valueAt(after.values, path)];
    if (isDeepStrictEqual(old, young)) continue;
    const [from, to] = [before.sources.get(key), after.sources.get(key)];
    const message = `${key}: ${from?.shown ?? 'none'} -> ${to?.shown ?? 'none'} (${to?.source ?? 'given nowhere'})`;
    found.push({ key, before: old, after: young, isLive: option.definition.live === true, message });
  }
  return found as Difference<F>[];
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((table, name) => (table as Record<string, unknown>)[name], values);
}
