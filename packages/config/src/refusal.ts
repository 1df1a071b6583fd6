/** One fault of a value: its place inside the value, and the expected value there. */
export interface Flaw {
  /**
   * Keys and indexes from the option's value down to the wrong part; empty for the value itself.
   */
  readonly path: readonly (string | number)[];
  /**
   * The expected value, as a noun phrase: `a port from 1 to 65535`. Must not quote the value: it
   * may be a secret.
   */
  readonly expected: string;
  /** A key that is not known, rather than a wrong value. */
  readonly unknownKey?: boolean;
  /** The value that the user probably meant. */
  readonly suggestion?: string | undefined;
  /** The wrong part is a secret of its own, whatever the option is. */
  readonly secret?: boolean;
}

/** The answer of a format that does not accept a value. It is returned, not thrown. */
export class Refusal {
  /** At least one. */
  readonly flaws: readonly Flaw[];

  constructor(flaws: readonly Flaw[]) {
    this.flaws = flaws;
  }
}

/**
 * Refuses a value.
 * @param expected The expected value, as a noun phrase. Must not quote the value: it may be a
 * secret.
 * @param suggestion The value that the user probably meant.
 */
export function refuse(expected: string, suggestion?: string): Refusal {
  return new Refusal([suggestion === undefined ? { path: [], expected } : { path: [], expected, suggestion }]);
}
