import type { Position } from './document/document.js';
import { escaped, HIDDEN, shortened } from './shown.js';

/** A place that a value or a mistake came from. */
export interface Source {
  /** `flag --listen`, `environment RELAY_LISTEN`, `relay.toml:3:10` or `default`. */
  readonly text: string;
  /** In the file, if it came from one. */
  readonly position?: Position | undefined;
}

/** The kinds of mistake. */
export type ProblemKind = 'wrong-value' | 'unknown-key' | 'missing' | 'unreadable';

/**
 * One thing that is wrong with a configuration. Its texts hold no secret and no control characters.
 */
export interface Problem {
  /** The kind of mistake. */
  readonly kind: ProblemKind;
  /**
   * The option, and the part of its value that is wrong: `listen`, `forward[1].idle`; for an
   * unknown key that key. Empty for a file that cannot be read.
   */
  readonly key: string;
  /**
   * The value as JSON, shortened; `(hidden)` if it is a secret or may be one; `undefined` if there
   * is none.
   */
  readonly value: string | undefined;
  /** `flag --listen`, `environment RELAY_LISTEN`, `relay.toml:3:10` or `default`. */
  readonly source: string;
  /** In the file, if it came from one. */
  readonly position: Position | undefined;
  /** The expected value, as a noun phrase. */
  readonly expected: string;
  /** The value or key that the user probably meant. */
  readonly suggestion: string | undefined;
  /** All of this on one line, ready to print. */
  readonly message: string;
}

/** All that is wrong with a configuration. The message has one line for each problem. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  /** It never changes: recognise the error by it where classes may be loaded twice. */
  readonly code = 'invalid-configuration';
  /** At least one. In the order file (from top to bottom), environment, flags, missing options. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}

/** A value that its format refuses. */
export function wrongValue(at: {
  key: string;
  source: Source;
  value: string;
  expected: string;
  suggestion?: string | undefined;
}): Problem {
  const { source, suggestion, value } = at;
  const [key, expected] = [shortened(at.key), escaped(at.expected)];
  const message = `${source.text}: ${key}: expected ${expected}, not ${value}${didYouMean(suggestion)}`;
  return { kind: 'wrong-value', key, value, ...placed(source), expected, suggestion, message };
}

/** A key that no option has. Its value is never shown: it may be a misspelt secret. */
export function unknownKey(at: {
  key: string;
  source: Source;
  expected: string;
  suggestion?: string | undefined;
  /** The text in place of a suggestion. */
  reason?: string;
}): Problem {
  const { source, expected, suggestion, reason } = at;
  const key = shortened(at.key);
  const message = `${source.text}: ${reason ?? `unknown key ${key}${didYouMean(suggestion)}`}`;
  return { kind: 'unknown-key', key, value: HIDDEN, ...placed(source), expected, suggestion, message };
}

/** An option that has to be given and was not. */
export function missing(key: string, spellings: readonly string[]): Problem {
  const expected = spellings.join(' or ');
  const message = `${key} is missing: give ${expected}`;
  const source = { text: 'default' };
  return { kind: 'missing', key, value: undefined, ...placed(source), expected, suggestion: undefined, message };
}

/** A file that could not be read or understood. */
export function unreadable(source: Source, reason: string, expected: string): Problem {
  const message = `${source.text}: ${reason}`;
  return { kind: 'unreadable', key: '', value: undefined, ...placed(source), expected, suggestion: undefined, message };
}

function placed({ text, position }: Source): Pick<Problem, 'source' | 'position'> {
  return { source: text, position };
}

function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
}
