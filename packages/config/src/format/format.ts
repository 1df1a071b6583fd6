import type { Refusal } from '../refusal.js';

/**
 * How a value reached the configuration: `text` from a flag or an environment variable (always a
 * string), `data` from a file or a default (a string, number, boolean, array or table).
 */
export type Form = 'text' | 'data';

/** Bounds of a number, both included. */
export interface Bounds {
  /** Least. Without it the bound of the format holds. */
  readonly min?: number;
  /** Most. Without it the bound of the format holds. */
  readonly max?: number;
}

/** A fragment of JSON Schema (draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The completions that a shell offers for a value: fixed words, or names in the file system. */
export type Completion = readonly string[] | 'file' | 'directory';

/** A field of a table, as a reader of the reference page sees it; an `Option` is one. */
export interface Field {
  readonly definition: {
    readonly doc: string;
    readonly defaultDoc?: string;
    readonly required?: boolean;
    readonly secret?: boolean;
  };
  readonly format: Format<unknown>;
  /** The default of the field, in the form of a file. */
  readonly default: unknown;
}

/**
 * A strict kind of value. Write your own as an object literal; only `name`, `expected` and `parse`
 * are needed.
 */
export interface Format<T> {
  /** A word or two for the reference page: `port`. */
  readonly name: string;
  /**
   * The expected value, as a noun phrase with an example: `a duration such as 500ms, 30s or 7d`.
   */
  readonly expected: string;
  /**
   * The value, or a {@link Refusal} (see `refuse`). Must not throw and must not guess.
   * @param value Never trusted: a string if `form` is `text`, any JSON-like data if it is `data`.
   */
  parse(value: unknown, form: Form): T | Refusal;
  /** Of a number or quantity: the least and the most that it accepts, in the unit of its value. */
  readonly bounds?: Required<Bounds>;
  /** The data form. Without it: a string. */
  readonly jsonSchema?: JsonSchema;
  /** Of a table: its fields, for the reference page. */
  readonly fields?: Readonly<Record<string, Field>>;
  /** Its values hold secrets: they are never shown as a whole. */
  readonly secret?: boolean;
  /** The completions that a shell offers. Without it there are none. */
  readonly completion?: Completion;
  /** What help calls a value: `TIME`, `HOST:PORT`. Default: the name in capitals. */
  readonly valueName?: string;
  /** How such a value is written, with its units: `500ms, 30s, 1h30m or 7d`. */
  readonly valueForm?: string;
}

/** What help calls a value of a format. */
export const valueNameOf = ({ name, valueName }: Format<unknown>): string => valueName ?? name.toUpperCase();
