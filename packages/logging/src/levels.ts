import { LoggingError } from './errors.js';

/** The levels, the most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The number of a level: 0 is `error`, 4 is `trace`. A record is written if its number is at most
 * its scope's.
 */
export const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3, trace: 4 };

/** The rules in a text like `info,session=debug`: a level for everything, and levels for scopes. */
export interface LevelRules {
  /** For scopes without a rule of their own. */
  readonly root: LogLevel;
  /** By scope; a rule for `session` also holds for `session/handshake`, unless that has its own. */
  readonly scopes: ReadonlyMap<string, LogLevel>;
}

const SCOPE = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/i;

/**
 * Reads `LEVEL` or `LEVEL,SCOPE=LEVEL…`; the level for everything may be left out and is then
 * `info`.
 *
 * @throws {LoggingError} `invalid-level`, naming the part that is wrong.
 */
export function parseLevels(text: string): LevelRules {
  let root: LogLevel | undefined;
  const scopes = new Map<string, LogLevel>();
  for (const part of text.split(',')) {
    const [scope, level, ...rest] = part.trim().split('=');
    if (level === undefined && root === undefined && isLogLevel(scope)) root = scope;
    else if (scope !== undefined && isLogLevel(level) && rest.length === 0 && SCOPE.test(scope))
      scopes.set(scope, level);
    else throw invalidLevel(part, text);
  }
  return { root: root ?? 'info', scopes };
}

/** Whether the text is one of {@link LOG_LEVELS}, exactly. */
export function isLogLevel(text: unknown): text is LogLevel {
  return typeof text === 'string' && Object.hasOwn(LEVEL_NUMBERS, text);
}

/**
 * The level that the rules give a scope: its own rule, or that of the nearest scope above it, or
 * the root level.
 */
export function levelOfScope(rules: LevelRules, scope: string): LogLevel {
  for (let name = scope; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('/')))) {
    const level = rules.scopes.get(name);
    if (level !== undefined) return level;
  }
  return rules.root;
}

/** The text that {@link parseLevels} reads as these rules. */
export function formatLevels(rules: LevelRules): string {
  return [rules.root, ...Array.from(rules.scopes, ([scope, level]) => `${scope}=${level}`)].join(',');
}

function invalidLevel(part: string, text: string): LoggingError {
  const expected = `expected ${LOG_LEVELS.join(', ')}, optionally with levels of scopes as in 'info,session=debug'`;
  return new LoggingError('invalid-level', `'${part.trim()}' in the log level '${text}' is wrong: ${expected}`);
}
