import { refuse } from '../refusal.js';
import { suggestionFor } from '../suggestion.js';
import type { Completion, Format, JsonSchema } from './format.js';

/** The form that a text must have. */
export interface TextRules {
  /** Must match; write it anchored. */
  readonly pattern?: RegExp;
  /** The meaning of the pattern, as a noun phrase. */
  readonly expected?: string;
  /** Longest, in UTF-16 units. Default 4096. */
  readonly maxLength?: number;
}

// Control characters have no place in a name, a path or a key, and would reach terminals and logs.
const CONTROL = /\p{Cc}/u;

/** A text of one line that is not empty or blank. Numbers and booleans of a file are no texts. */
export function text(rules: TextRules = {}): Format<string> {
  const expected = rules.expected ?? 'a text that is not empty';
  return textual('text', expected, rules, undefined);
}

/**
 * A path in the file system, as written: relative ones are not resolved and `~` is not expanded.
 */
export function path(kind: 'file' | 'directory' = 'file'): Format<string> {
  const format = textual(kind === 'file' ? 'path' : 'directory', `a path of a ${kind}`, {}, kind);
  return { ...format, valueName: kind === 'file' ? 'FILE' : 'DIR' };
}

/** `true` or `false` and nothing else: not `yes`, `on`, `1` or an empty text. */
export const boolean: Format<boolean> = {
  name: 'boolean',
  expected: 'true or false',
  parse(value, form) {
    if (form === 'data') return typeof value === 'boolean' ? value : refuse(boolean.expected);
    return value === 'true' ? true : value === 'false' ? false : refuse(boolean.expected);
  },
  jsonSchema: { type: 'boolean' },
  completion: ['true', 'false'],
};

/** One of the given words, exactly as written. */
export function choice<const C extends string>(words: readonly C[]): Format<C> {
  const expected = words.length === 1 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
  return {
    name: words.join(' | '),
    valueName: words.join('|'),
    expected,
    parse(value) {
      const word = words.find((candidate) => candidate === value);
      return word ?? refuse(expected, typeof value === 'string' ? suggestionFor(value, words) : undefined);
    },
    jsonSchema: { enum: words },
    completion: words,
  };
}

const LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
const LEVEL_PATTERN = `(?:${LEVELS.join('|')})(?:,[A-Za-z][A-Za-z0-9._-]*=(?:${LEVELS.join('|')}))*`;

/** A log level, and levels of scopes after it: `info` or `info,session=debug`. */
export const level: Format<string> = {
  name: 'level',
  expected: 'error, warn, info, debug or trace, and levels of scopes after it: info,session=debug',
  parse(value) {
    if (typeof value === 'string' && new RegExp(`^${LEVEL_PATTERN}$`, 'u').test(value)) return value;
    return refuse(level.expected, typeof value === 'string' ? suggestionFor(value, LEVELS) : undefined);
  },
  jsonSchema: { type: 'string', pattern: `^${LEVEL_PATTERN}$` },
  completion: LEVELS,
};

function textual(name: string, expected: string, rules: TextRules, completion: Completion | undefined): Format<string> {
  const { pattern, maxLength = 4096 } = rules;
  const jsonSchema: JsonSchema = {
    type: 'string',
    minLength: 1,
    maxLength,
    pattern: pattern?.source ?? '\\S',
  };
  return {
    name,
    expected,
    parse(value) {
      if (typeof value !== 'string' || value.trim() === '' || value.length > maxLength) return refuse(expected);
      if (CONTROL.test(value)) return refuse(`${expected}, without control characters`);
      return pattern === undefined || value.search(pattern) >= 0 ? value : refuse(expected);
    },
    jsonSchema,
    ...(completion && { completion }),
  };
}
