import { isTable } from '../document/document.js';
import { optionJsonSchema } from '../json-schema.js';
import { Refusal, refuse } from '../refusal.js';
import type { Flaw } from '../refusal.js';
import type { Option, ValuesOf } from '../schema.js';
import { suggestionFor } from '../suggestion.js';
import type { Form, Format, JsonSchema } from './format.js';
import { parseShortForm, type ShortFields } from './short-form.js';

/** The name of a table, and its short form. */
export interface TableRules {
  /** Default `table`. */
  readonly name?: string;
  /** What help calls the short form: `[LISTEN=]TARGET`. */
  readonly valueName?: string;
  /** The expected table or short form, as a noun phrase. */
  readonly expected: string;
  /**
   * Reads the short form (`5353=192.0.2.1:53`) into fields, whose values are texts. Other fields
   * may follow it, each as `;key=value`: they are not part of the text. Without this function a
   * text is refused.
   */
  readonly parseText?: (text: string) => ShortFields | Refusal;
}

/**
 * Several fields that belong together: a table of a file, or a short text. Fields that are missing
 * have their defaults; unknown fields are refused.
 * @param fields Their flags and environment names do not count.
 */
export function table<const F extends Fields>(fields: F, rules: TableRules): Format<ValuesOf<F>> {
  const isSecret = Object.values(fields).some((field) => field.isSecret);
  return {
    name: rules.name ?? 'table',
    ...(rules.valueName !== undefined && { valueName: rules.valueName }),
    expected: rules.expected,
    parse(value) {
      const result =
        typeof value === 'string'
          ? parseShort(fields, value, rules)
          : parseFields(fields, value, 'data', rules.expected);
      return result instanceof Refusal && isSecret ? new Refusal(result.flaws.map(hideWhole)) : result;
    },
    jsonSchema: tableJsonSchema(fields, rules.parseText !== undefined),
    fields,
    ...(isSecret && { secret: true }),
  };
}

type Fields = Readonly<Record<string, Option<unknown>>>;

/** A short text has no inner places: the whole text is wrong. */
function parseShort<const F extends Fields>(fields: F, text: string, rules: TableRules): ValuesOf<F> | Refusal {
  const { parseText, expected } = rules;
  const short = parseText === undefined ? refuse(expected) : parseShortForm(text, fields, parseText);
  if (short instanceof Refusal) return short;
  const result = parseFields(fields, short, 'text', expected);
  return result instanceof Refusal ? new Refusal(result.flaws.map(ofWhole)) : result;
}

function ofWhole(flaw: Flaw): Flaw {
  const [field] = flaw.path;
  return { ...flaw, path: [], expected: field === undefined ? flaw.expected : `its ${field} to be ${flaw.expected}` };
}

function parseFields<const F extends Fields>(
  fields: F,
  value: unknown,
  form: Form,
  expected: string,
): ValuesOf<F> | Refusal {
  if (!isTable(value)) return refuse(expected);
  const known = Object.keys(fields);
  const flaws: Flaw[] = Object.keys(value)
    .filter((key) => !Object.hasOwn(fields, key))
    .map((key) => unknownField(key, known));
  const values: [string, unknown][] = [];
  for (const [key, field] of Object.entries(fields)) {
    const isGiven = Object.hasOwn(value, key);
    const raw = isGiven ? value[key] : field.default;
    if (raw === undefined) {
      if (field.definition.required === true) flaws.push({ path: [], expected: `${expected}, with ${key}` });
      continue;
    }
    const result = field.parse(raw, isGiven ? form : 'data');
    if (result instanceof Refusal) flaws.push(...result.flaws.map((flaw) => within(flaw, key, field)));
    else values.push([key, result]);
  }
  return flaws.length > 0 ? new Refusal(flaws) : (Object.fromEntries(values) as ValuesOf<F>);
}

function unknownField(key: string, known: readonly string[]): Flaw {
  const expected = `one of ${known.join(', ')}`;
  return { path: [key], expected, unknownKey: true, suggestion: suggestionFor(key, known) };
}

function within(flaw: Flaw, key: string, field: Option<unknown>): Flaw {
  const inner = { ...flaw, path: [key, ...flaw.path] };
  return field.definition.secret === true ? { ...inner, expected: field.format.expected, secret: true } : inner;
}

function hideWhole(flaw: Flaw): Flaw {
  return flaw.path.length === 0 ? { ...flaw, secret: true } : flaw;
}

function tableJsonSchema(fields: Fields, hasText: boolean): JsonSchema {
  const object = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, optionJsonSchema(field)])),
    required: Object.keys(fields).filter((key) => fields[key]?.definition.required === true),
  };
  return hasText ? { anyOf: [{ type: 'string' }, object] } : object;
}
