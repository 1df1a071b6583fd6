import type { ConsoleOptions } from './console/console-transport.js';
import { LoggingError } from './errors.js';
import type { RotatingOptions } from './file/rotating-transport.js';
import type { RedactionOptions } from './redaction.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const TIB = 1024 * 1024 * MIB;

/** The longest that a timer of Node.js waits, in ms (24 days 20 h); with more it fires each ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The options of {@link createLogging}; each has a default. */
export interface LoggingOptions {
  /** `LEVEL` or `LEVEL,SCOPE=LEVEL…`, see {@link parseLevels}. Default `info`. */
  readonly level?: string;
  /** The console, or false for none. Default: stderr, pretty on a terminal and JSON elsewhere. */
  readonly console?: ConsoleOptions | false;
  /**
   * A folder for `relay-DATE.log` and `metrics-DATE.log`, for this process alone; it is made where
   * missing. Default: no files.
   */
  readonly directory?: string;
  /** The first part of the log files' names: letters, digits, `.`, `_`, `-`. Default `relay`. */
  readonly name?: string;
  /** The largest that one file gets, in bytes; 64 KiB to 1 TiB. Default 16 MiB. */
  readonly maxFileBytes?: number;
  /** How many archived files of each kind (log, metrics) are kept. Default 30. */
  readonly maxFiles?: number;
  /**
   * The most that all files of one kind take together, in bytes; at least four times
   * `maxFileBytes`. Default 256 MiB, or that.
   */
  readonly maxTotalBytes?: number;
  /** Whether files that are full become `.gz`. Default true. */
  readonly compress?: boolean;
  /**
   * How many bytes may wait in memory for a slow or full disk; lines beyond that are dropped and
   * counted. At least 64 KiB. Default 16 MiB.
   */
  readonly maxPendingBytes?: number;
  /**
   * In which time the same error or warning is written only once, with the number of its
   * repetitions; 0 writes all. At most 2^31 - 1 (24 days), what a timer can wait. Default 60,000.
   */
  readonly repeatIntervalMs?: number;
  /**
   * Whether an uncaught error or an unhandled rejection is logged and ends the process with code 1.
   * Default false.
   */
  readonly exitOnUnhandledErrors?: boolean;
  /** Values that must not be written, besides those that never are. */
  readonly redact?: RedactionOptions;
}

/** The options of the files, checked; undefined if there are none. */
export function fileOptions(options: LoggingOptions): RotatingOptions | undefined {
  const { directory, name = 'relay', maxFileBytes = 16 * MIB, maxFiles = 30, compress = true } = options;
  const { maxTotalBytes = Math.max(256 * MIB, 4 * maxFileBytes), maxPendingBytes = 16 * MIB } = options;
  within('maxFileBytes', maxFileBytes, 64 * KIB, TIB);
  within('maxTotalBytes', maxTotalBytes, 4 * maxFileBytes);
  within('maxFiles', maxFiles, 1);
  within('maxPendingBytes', maxPendingBytes, 64 * KIB);
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name) || name === 'metrics') {
    throw new LoggingError(
      'invalid-option',
      `name is '${name}'; expected letters, digits, '.', '_' and '-', and not 'metrics'`,
    );
  }
  if (directory === undefined) return undefined;
  return { directory, name, maxFileBytes, maxFiles, maxTotalBytes, maxPendingBytes, compress };
}

/**
 * Checks a whole number: `least` to `most`, both included.
 *
 * @throws {LoggingError} `invalid-option`
 */
export function within(name: string, value: number, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new LoggingError('invalid-option', `${name} is ${value}; expected a whole number ${range}`);
}
