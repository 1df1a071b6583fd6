import type { Problem } from '../problem.js';
import { unknownKey } from '../problem.js';
import type { Schema } from '../schema.js';
import { suggestionFor } from '../suggestion.js';
import type { Setting } from './setting.js';

/** Variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What was given in the environment. A variable that begins with the schema's prefix and is nearly the name of an option is a
 * problem; others with the prefix may belong to a sibling program.
 */
export function readEnvironment(
  schema: Schema<unknown>,
  environment: Environment,
  foreign: readonly string[],
): { settings: Setting[]; problems: Problem[] } {
  const settings: Setting[] = [];
  const names = new Set<string>();
  for (const option of schema.options) {
    const name = option.environment;
    if (name === undefined) continue;
    names.add(name);
    const text = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (text === undefined) continue;
    const raw = option.option.definition.array === true ? text.split(/\s+/).filter((part) => part !== '') : text;
    settings.push({ option, raw, form: 'text', origin: 'environment', sourceOf: () => `environment ${name}` });
  }
  return { settings, problems: misspelt(schema, environment, names, foreign) };
}

function misspelt(
  schema: Schema<unknown>,
  environment: Environment,
  names: ReadonlySet<string>,
  foreign: readonly string[],
): Problem[] {
  const problems: Problem[] = [];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(schema.environmentPrefix) || names.has(name) || foreign.includes(name)) continue;
    const word = name.slice(schema.environmentPrefix.length);
    const words = new Map([...names].map((known) => [known.slice(schema.environmentPrefix.length), known]));
    const suggestion = words.get(suggestionFor(word, words.keys()) ?? '');
    if (suggestion === undefined) continue;
    problems.push(
      unknownKey({ key: name, source: 'environment', expected: `one of ${[...names].join(', ')}`, suggestion }),
    );
  }
  return problems;
}
