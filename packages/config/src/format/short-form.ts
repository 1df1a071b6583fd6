import { Refusal, refuse } from '../refusal.js';
import type { Option } from '../schema.js';
import { suggestionFor } from '../suggestion.js';

/** The fields of a table by key, as they would stand in a file; each value is a text. */
export type ShortFields = Readonly<Record<string, unknown>>;

/**
 * Reads a short form with keys behind it: `5353=192.0.2.1:53;idle=30s;maxFlows=10`. The part before
 * the first `;` is read by `parseHead`. A key of an array may be given several times.
 */
export function parseShortForm(
  text: string,
  fields: Readonly<Record<string, Option<unknown>>>,
  parseHead: (head: string) => ShortFields | Refusal,
): ShortFields | Refusal {
  const [head = '', ...pairs] = text.split(';');
  const first = parseHead(head);
  if (first instanceof Refusal) return first;
  const values = new Map<string, unknown>(Object.entries(first));
  for (const pair of pairs) {
    const refusal = addPair(pair, fields, values);
    if (refusal !== undefined) return refusal;
  }
  return Object.fromEntries(values);
}

function addPair(
  pair: string,
  fields: Readonly<Record<string, Option<unknown>>>,
  values: Map<string, unknown>,
): Refusal | undefined {
  const at = pair.indexOf('=');
  const key = at === -1 ? pair : pair.slice(0, at);
  const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
  const known = Object.keys(fields);
  if (field === undefined) return refuse(`after each ; one of ${known.join(', ')}`, suggestionFor(key, known));
  if (at === -1) return refuse(`a value for ${key}, as ${key}=VALUE`);
  const value = pair.slice(at + 1);
  const before = values.get(key);
  if (field.definition.array === true)
    values.set(key, Array.isArray(before) ? [...(before as unknown[]), value] : [value]);
  else if (before === undefined) values.set(key, value);
  else return refuse(`${key} only once`);
  return undefined;
}
