/** The exit codes of Relay's programs (docs/guide.md lists them for users). */
export const EXIT = {
  done: 0,
  /** Failed while running. */
  failed: 1,
  /** A wrong flag, option or configuration. */
  usage: 2,
  /** The server did not answer (one-shot commands only: `start` keeps trying). */
  unreachable: 3,
  /** The server answered, and refused. */
  refused: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * A failure that its reader can do something about: what happened, to what, and what to do next, on
 * one line.
 */
export class ProgramFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProgramFailure';
    this.exitCode = exitCode;
  }
}
