import type { Completion } from '../format/format.js';

/** What a script needs to know of one flag. */
export interface CompletedFlag {
  /** Without dashes. */
  readonly name: string;
  readonly alias: string | undefined;
  /** One line. */
  readonly doc: string;
  /**
   * What may follow; `undefined` if nothing does, `[]` if something does that cannot be guessed.
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
