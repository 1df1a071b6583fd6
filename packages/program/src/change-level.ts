import { LoggingError, type Logging } from '@relay/logging';
import { EXIT, ProgramFailure } from './exit-code.js';

/**
 * Changes the level of the log and returns the new level. Throws a ProgramFailure if `level` is no
 * level.
 */
export function changeLevel(logs: Logging, level: string): string {
  try {
    logs.setLevel(level);
  } catch (error) {
    if (error instanceof LoggingError) throw new ProgramFailure(EXIT.refused, error.message, { cause: error });
    throw error;
  }
  return logs.level;
}
