import { LEVEL_NUMBERS, type LogLevel } from './levels.js';

/**
 * The fields that are logged beside the message: the own enumerable properties of any object, made
 * safe before they are written.
 */
export type LogFields = object;

/**
 * Writes records of one scope. A message says what happened and is the same each time; what varies
 * goes into the fields, an error as `{ error }`. No call throws, and one that is below the scope's
 * level costs a comparison.
 */
export interface Logger {
  readonly scope: string;
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  /**
   * Whether a record of this level would be written now; worth asking where the fields are costly
   * to make.
   */
  isEnabled(level: LogLevel): boolean;
  /**
   * A logger of the same scope whose records all carry these fields too: a session, a flow, a
   * request.
   */
  child(fields: LogFields): Logger;
}

/**
 * A scope's level now; loggers of the scope share it, so that a change reaches all of them at once.
 */
export interface ScopeLevel {
  threshold: number;
}

/**
 * Takes the records that pass a logger's level; `bound` are the fields of the logger itself, the
 * outermost child's first.
 */
export type RecordSink = (
  level: LogLevel,
  scope: string,
  message: string,
  fields: LogFields | undefined,
  bound: readonly LogFields[],
) => void;

/** A logger over a sink. */
export class ScopedLogger implements Logger {
  readonly scope: string;
  readonly #level: ScopeLevel;
  readonly #sink: RecordSink;
  readonly #bound: readonly LogFields[];

  constructor(scope: string, level: ScopeLevel, sink: RecordSink, bound: readonly LogFields[] = []) {
    this.scope = scope;
    this.#level = level;
    this.#sink = sink;
    this.#bound = bound;
  }

  error(message: string, fields?: LogFields): void {
    this.#sink('error', this.scope, message, fields, this.#bound);
  }

  warn(message: string, fields?: LogFields): void {
    if (this.#level.threshold >= LEVEL_NUMBERS.warn) this.#sink('warn', this.scope, message, fields, this.#bound);
  }

  info(message: string, fields?: LogFields): void {
    if (this.#level.threshold >= LEVEL_NUMBERS.info) this.#sink('info', this.scope, message, fields, this.#bound);
  }

  debug(message: string, fields?: LogFields): void {
    if (this.#level.threshold >= LEVEL_NUMBERS.debug) this.#sink('debug', this.scope, message, fields, this.#bound);
  }

  trace(message: string, fields?: LogFields): void {
    if (this.#level.threshold >= LEVEL_NUMBERS.trace) this.#sink('trace', this.scope, message, fields, this.#bound);
  }

  isEnabled(level: LogLevel): boolean {
    return this.#level.threshold >= LEVEL_NUMBERS[level];
  }

  child(fields: LogFields): Logger {
    return new ScopedLogger(this.scope, this.#level, this.#sink, [...this.#bound, fields]);
  }
}
