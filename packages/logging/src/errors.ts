/** Why logging could not be set up: the closed set of {@link LoggingError.code}. */
export type LoggingErrorCode = 'invalid-level' | 'invalid-option' | 'directory-unusable' | 'directory-in-use';

/**
 * Misuse, or a log folder that cannot be used. Only creating and configuring throw it; a log call
 * never throws.
 */
export class LoggingError extends Error {
  override readonly name = 'LoggingError';
  readonly code: LoggingErrorCode;

  constructor(code: LoggingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The code of a system error such as `ENOSPC`; empty for anything else. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
