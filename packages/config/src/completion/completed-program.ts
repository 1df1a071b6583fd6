import type { Completion } from '../format/format.js';

/** One flag as a completion script sees it. */
export interface CompletedFlag {
  /** Without dashes. */
  readonly name: string;
  readonly alias: string | undefined;
  /** One line. */
  readonly doc: string;
  /**
   * The values to offer after it; `undefined` if it takes no value, `[]` if its value cannot be
   * guessed.
   */
  readonly values: Completion | undefined;
  readonly isRepeatable: boolean;
}

/** A program as its completion script sees it. */
export interface CompletedProgram {
  readonly name: string;
  readonly flags: readonly CompletedFlag[];
  readonly commands: readonly (readonly [name: string, doc: string])[];
}
