import type { Problem } from '../problem.js';
import { unknownKey } from '../problem.js';
import type { Schema } from '../schema.js';
import { suggestionFor } from '../suggestion.js';
import type { Layer, Setting } from './setting.js';

// Stricter than for keys: a sibling's RELAY_STATE is no misspelt RELAY_STATUS.
const NEAR = 1 / 5;

/** Variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings in the environment. A variable that begins with the schema's prefix and is nearly
 * the name of an option is a problem; others with the prefix may belong to a sibling program.
 * @param foreign Variables of siblings that look like misspelt ones.
 */
export function readEnvironment(schema: Schema<unknown>, environment: Environment, foreign: readonly string[]): Layer {
  const settings: Setting[] = [];
  const names = new Set<string>(foreign);
  for (const placed of schema.options) {
    const name = placed.environment;
    if (name === undefined) continue;
    names.add(name);
    const text = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (text === undefined) continue;
    const raw = placed.option.definition.array === true ? text.split(/\s+/).filter((part) => part !== '') : text;
    const source = { text: `environment ${name}` };
    settings.push({ placed, raw, form: 'text', origin: 'environment', sourceOf: () => source });
  }
  return { settings, problems: [...flagsOnly(schema, environment, names), ...misspelt(schema, environment, names)] };
}

/** Variables of options that only flags give: ignoring them would not do what the user wants. */
function flagsOnly(schema: Schema<unknown>, environment: Environment, names: ReadonlySet<string>): Problem[] {
  return schema.options.flatMap(({ unusedEnvironment: name, flag }) => {
    if (name === undefined || flag === undefined || names.has(name) || environment[name] === undefined) return [];
    const reason = `${name} means nothing: give --${flag} instead`;
    return [unknownKey({ key: name, source: { text: 'environment' }, expected: `--${flag}`, reason })];
  });
}

function misspelt(schema: Schema<unknown>, environment: Environment, names: ReadonlySet<string>): Problem[] {
  const prefix = schema.environmentPrefix;
  const wordOf = (name: string): string => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
  const words = new Map(
    schema.options.flatMap(({ environment: name }) => (name === undefined ? [] : [[wordOf(name), name]])),
  );
  const problems: Problem[] = [];
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(prefix) || names.has(name) || environment[name] === undefined) continue;
    const suggestion = words.get(suggestionFor(wordOf(name), words.keys(), NEAR) ?? '');
    if (suggestion === undefined) continue;
    const expected = `one of ${[...words.values()].join(', ')}`;
    problems.push(unknownKey({ key: name, source: { text: 'environment' }, expected, suggestion }));
  }
  return problems;
}
