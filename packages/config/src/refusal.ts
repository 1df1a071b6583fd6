/**
 * One thing that is wrong with a value: where inside it, and what was expected there.
 */
export interface Flaw {
  /**
   * Keys and indexes from the option's value down to the wrong part; empty for the value itself.
   */
  readonly path: readonly (string | number)[];
  /**
   * What was expected, as a noun phrase: `a port from 1 to 65535`. Must not quote the value: it may
   * be a secret.
   */
  readonly expected: string;
  /** A key that is not known, rather than a wrong value. */
  readonly unknownKey?: boolean;
  /** What was probably meant. */
  readonly suggestion?: string | undefined;
  /** The wrong part is a secret of its own, whatever the option is. */
  readonly secret?: boolean;
}

/**
 * What a format answers in place of a value that it does not accept. Not an error to throw: a value
 * to return.
 */
export class Refusal {
  /** At least one. */
  readonly flaws: readonly Flaw[];

  constructor(flaws: readonly Flaw[]) {
    this.flaws = flaws;
  }
}

/**
 * Refuses a value.
 * @param expected What was expected, as a noun phrase. Must not quote the value: it may be a
 * secret.
 * @param suggestion What was probably meant.
 */
export function refuse(expected: string, suggestion?: string): Refusal {
  return new Refusal([suggestion === undefined ? { path: [], expected } : { path: [], expected, suggestion }]);
}
