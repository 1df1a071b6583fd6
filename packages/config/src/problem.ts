/** One thing that is wrong with a configuration. Its texts hold no secret and no control characters. */
export interface Problem {
  /** The option, and the part of its value that is wrong: `listen`, `forward[1].idle`; for an unknown key that key. Empty for a file that cannot be read. */
  readonly key: string;
  /** The value as JSON, shortened; `(hidden)` if it is a secret or may be one; `undefined` if there is none. */
  readonly value: string | undefined;
  /** `flag --listen`, `environment RELAY_LISTEN`, `relay.toml:3:10` or `default`. */
  readonly source: string;
  /** What was expected, as a noun phrase. */
  readonly expected: string;
  /** What was probably meant. */
  readonly suggestion: string | undefined;
  /** All of this on one line, ready to print. */
  readonly message: string;
}

/** All that is wrong with a configuration. The message has one line for each problem. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'invalid-configuration';
  /** At least one, in the order file, environment, flags. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}

/** Shown in place of a secret. */
export const HIDDEN = '(hidden)';

const SHOWN_LENGTH = 80;
// Control characters, line separators and marks that change the direction of text.
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A value on one line: JSON, shortened, with what could disturb a terminal escaped. */
export function shown(value: unknown): string {
  const json = typeof value === 'bigint' ? `${value}` : (stringify(value) ?? typeof value);
  return escaped(json.length <= SHOWN_LENGTH ? json : `${json.slice(0, SHOWN_LENGTH)}…`);
}

/** A text with what could disturb a terminal escaped. */
export function escaped(text: string): string {
  return text.replaceAll(UNSHOWABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}` : part));
  } catch {
    return undefined;
  }
}

/** A wrong value. */
export function wrongValue(at: {
  key: string;
  source: string;
  value: string;
  expected: string;
  suggestion?: string | undefined;
}): Problem {
  const { key, source, value, expected, suggestion } = at;
  const message = `${source}: ${key}: expected ${expected}, not ${value}${didYouMean(suggestion)}`;
  return { key, value, source, expected, suggestion, message };
}

/** A key that no option has. Its value is never shown: it may be a misspelt secret. */
export function unknownKey(at: {
  key: string;
  source: string;
  expected: string;
  suggestion?: string | undefined;
}): Problem {
  const { source, expected, suggestion } = at;
  const key = escaped(at.key.slice(0, SHOWN_LENGTH));
  return {
    key,
    value: HIDDEN,
    source,
    expected,
    suggestion,
    message: `${source}: unknown key ${key}${didYouMean(suggestion)}`,
  };
}

/** An option that has to be given and was not. */
export function missing(key: string, spellings: readonly string[]): Problem {
  const expected = `it to be given as ${spellings.join(' or ')}`;
  return {
    key,
    value: undefined,
    source: 'default',
    expected,
    suggestion: undefined,
    message: `${key} is missing: expected ${expected}`,
  };
}

/** A file that could not be read or understood. */
export function unreadable(source: string, expected: string, reason: string): Problem {
  return {
    key: '',
    value: undefined,
    source,
    expected,
    suggestion: undefined,
    message: `${source}: ${escaped(reason)}`,
  };
}

function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
}
