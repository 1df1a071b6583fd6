import type { Form } from './format/format.js';
import { Refusal } from './refusal.js';
import type { Option } from './schema.js';

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
