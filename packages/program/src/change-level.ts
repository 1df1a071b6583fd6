import { LoggingError, type Logging } from '@relay/logging';
import { EXIT, ProgramFailure } from './exit-code.js';

/**
 * Changes what is logged from now on and returns what it is. Throws a ProgramFailure where that is
 * no level.
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
