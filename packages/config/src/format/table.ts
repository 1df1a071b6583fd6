import { Refusal, refuse } from '../refusal.js';
import type { Flaw } from '../refusal.js';
import type { Option, ValuesOf } from '../schema.js';
import { suggestionFor } from '../suggestion.js';
import type { Form, Format } from './format.js';

/** How a table is called, and its short form. */
export interface TableRules {
  /** Default `table`. */
  readonly name?: string;
  /** What the table or its short form is, as a noun phrase. */
  readonly expected: string;
  /** Reads the short form (`5353=192.0.2.1:53`) into fields as they would stand in a file. Without it a text is refused. */
  readonly parseText?: (text: string) => Readonly<Record<string, unknown>> | Refusal;
}

/**
 * Several fields that belong together: a table of a file, or a short text. Fields that are missing have their defaults;
 * unknown fields are refused.
 * @param fields Their flags and environment names do not count.
 */
export function table<const F extends Readonly<Record<string, Option<unknown>>>>(
  fields: F,
  rules: TableRules,
): Format<ValuesOf<F>> {
  return {
    name: rules.name ?? 'table',
    expected: rules.expected,
    parse(value) {
      if (typeof value !== 'string') return parseFields(fields, value, rules.expected);
      const short = rules.parseText?.(value) ?? refuse(rules.expected);
      if (short instanceof Refusal) return short;
      const result = parseFields(fields, short, rules.expected);
      // A short text has no inner positions: what is wrong is the text.
      return result instanceof Refusal ? new Refusal(result.flaws.map((flaw) => ({ ...flaw, path: [] }))) : result;
    },
    jsonSchema: tableJsonSchema(fields, rules.parseText !== undefined),
  };
}

function parseFields<F extends Readonly<Record<string, Option<unknown>>>>(
  fields: F,
  value: unknown,
  expected: string,
): ValuesOf<F> | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(expected);
  const given = new Map<string, unknown>(Object.entries(value));
  const flaws: Flaw[] = [];
  for (const key of given.keys()) {
    if (Object.hasOwn(fields, key)) continue;
    flaws.push({
      path: [key],
      expected: `one of ${Object.keys(fields).join(', ')}`,
      unknownKey: true,
      suggestion: suggestionFor(key, Object.keys(fields)),
    });
  }
  const values: [string, unknown][] = [];
  for (const [key, field] of Object.entries(fields)) {
    const raw = given.has(key) ? given.get(key) : field.default;
    if (raw === undefined) {
      if (field.definition.required === true) flaws.push({ path: [], expected: `${expected}, with ${key}` });
      continue;
    }
    const result = field.parse(raw, 'data' satisfies Form);
    if (result instanceof Refusal) flaws.push(...result.flaws.map((flaw) => within(flaw, key, field)));
    else values.push([key, result]);
  }
  return flaws.length > 0 ? new Refusal(flaws) : (Object.freeze(Object.fromEntries(values)) as ValuesOf<F>);
}

function within(flaw: Flaw, key: string, field: Option<unknown>): Flaw {
  const inner = { ...flaw, path: [key, ...flaw.path] };
  return field.definition.secret === true ? { ...inner, secret: true } : inner;
}

function tableJsonSchema(fields: Readonly<Record<string, Option<unknown>>>, hasText: boolean): Record<string, unknown> {
  const properties = Object.entries(fields).map(([key, { definition, format }]) => [
    key,
    { description: definition.doc, ...format.jsonSchema },
  ]);
  const object = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties) as Record<string, unknown>,
    required: Object.keys(fields).filter((key) => fields[key]?.definition.required === true),
  };
  return hasText ? { anyOf: [{ type: 'string' }, object] } : object;
}
