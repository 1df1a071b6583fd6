import { createLogging, LoggingError, type Logging } from '@relay/logging';
import { EXIT, ProgramFailure } from './exit-code.js';
import { reportOutputFaults } from './output.js';

/** The values of the log options of `commonOptions`. */
export interface LogSettings {
  readonly logLevel: string;
  readonly logFormat: 'auto' | 'pretty' | 'json';
  readonly logDir?: string | undefined;
  readonly logMaxFile: number;
  readonly logMaxFiles: number;
  readonly logMaxTotal: number;
}

/**
 * Starts a program's logs: the console on stderr, and files if a folder is set. Throws a
 * ProgramFailure.
 */
export function openLogs(settings: LogSettings): Logging {
  if (settings.logMaxTotal < 4 * settings.logMaxFile)
    throw new ProgramFailure(
      EXIT.usage,
      'logMaxTotal: expected at least four times logMaxFile (full files are compressed beside the current one)',
    );
  try {
    const logs = createLogging({
      level: settings.logLevel,
      console: { format: settings.logFormat },
      ...(settings.logDir !== undefined && { directory: settings.logDir }),
      maxFileBytes: settings.logMaxFile,
      maxFiles: settings.logMaxFiles,
      maxTotalBytes: settings.logMaxTotal,
      exitOnUnhandledErrors: true,
    });
    const log = logs.logger('program');
    reportOutputFaults((error) => log.warn('cannot write to stdout', { error }));
    return logs;
  } catch (error) {
    if (error instanceof LoggingError) throw new ProgramFailure(EXIT.failed, error.message, { cause: error });
    throw error;
  }
}
