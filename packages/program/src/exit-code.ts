/** The exit codes of Relay's programs (docs/guide.md lists them for users). */
export const EXIT = {
  done: 0,
  /** The command failed while it ran. */
  failed: 1,
  /** A flag, option or configuration is wrong. */
  usage: 2,
  /** The server did not answer (one-shot commands only: `start` keeps trying). */
  unreachable: 3,
  /** The server answered with a refusal. */
  refused: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * A failure that the reader can act on. One line says what happened, to what, and what to do next.
 */
export class ProgramFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProgramFailure';
    this.exitCode = exitCode;
  }
}
