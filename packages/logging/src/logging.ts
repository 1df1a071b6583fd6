import { setImmediate } from 'node:timers/promises';
import winston from 'winston';
import { ConsoleTransport, type ConsoleOptions, type ConsolePrinter } from './console/console-transport.js';
import { DEFAULT_MAX_LENGTH } from './escape.js';
import { RotatingTransport } from './file/rotating-transport.js';
import { formatLevels, LEVEL_NUMBERS, levelOfScope, parseLevels, type LevelRules, type LogLevel } from './levels.js';
import { ScopedLogger, type LogFields, type Logger, type ScopeLevel } from './logger.js';
import { composeRecord } from './record.js';
import { Redaction, type RedactionOptions } from './redaction.js';
import { SafeValues, type SafeValue } from './safe-value.js';

/** What {@link createLogging} takes; every part has a default. */
export interface LoggingOptions {
  /** `LEVEL` or `LEVEL,SCOPE=LEVEL…`, see {@link parseLevels}. Default `info`. */
  readonly level?: string;
  /** The console, or false for none. Default: stderr, pretty on a terminal and JSON elsewhere. */
  readonly console?: ConsoleOptions | false;
  /** A folder for `relay-DATE.log` and `metrics-DATE.log`; it is made where missing. Default: no files. */
  readonly directory?: string;
  /** The first part of the log files' names. Default `relay`. */
  readonly name?: string;
  /** The largest that one file gets, in bytes; at least 65,536. Default 16 MiB. */
  readonly maxFileBytes?: number;
  /** How many files of each kind are kept besides the one being written. Default 30. */
  readonly maxFiles?: number;
  /** The most that all files of one kind take together, in bytes; at least four times `maxFileBytes`. Default 256 MiB. */
  readonly maxTotalBytes?: number;
  /** What may wait in memory for a slow disk, in bytes; what is more is dropped and counted. Default 16 MiB. */
  readonly maxPendingBytes?: number;
  /** What must not be written, besides what never is. */
  readonly redact?: RedactionOptions;
}

/** A program's logs: loggers by scope, their levels, the files. One per process. */
export interface Logging extends AsyncDisposable {
  /** The logger of a scope, a word of the program such as `session`, or `session/handshake`. */
  logger(scope: string): Logger;
  /** The levels now, as {@link Logging.setLevel} takes them. */
  readonly level: string;
  /**
   * Changes the levels of all loggers at once.
   *
   * @throws {LoggingError} `invalid-level`; nothing has changed then.
   */
  setLevel(level: string): void;
  /** Writes one line to the metrics log; without a folder it goes nowhere. */
  metrics(record: object): void;
  /** Hands the console's records to a printer (a prompt or a screen that owns the terminal) instead of the stream, until called without one. */
  redirectConsole(printer?: ConsolePrinter): void;
  /** Resolves when everything logged until now is written or counted as lost. */
  flush(): Promise<void>;
  /** Writes what is left and closes the files. Idempotent; what is logged afterwards is dropped. */
  close(): Promise<void>;
}

/**
 * Starts logging.
 *
 * @throws {LoggingError} where an option is wrong or the folder cannot be used.
 */
export function createLogging(options: LoggingOptions = {}): Logging {
  return new WinstonLogging(options);
}

class WinstonLogging implements Logging {
  #rules: LevelRules;
  readonly #scopes = new Map<string, ScopeLevel>();
  readonly #values: SafeValues;
  readonly #console: ConsoleTransport | undefined;
  readonly #file: RotatingTransport | undefined;
  readonly #metrics: RotatingTransport | undefined;
  readonly #winston: winston.Logger;
  #closing: Promise<void> | undefined;

  constructor(options: LoggingOptions) {
    this.#rules = parseLevels(options.level ?? 'info');
    this.#values = new SafeValues(new Redaction(options.redact), DEFAULT_MAX_LENGTH);
    this.#console = options.console === false ? undefined : new ConsoleTransport(options.console ?? {});
    if (options.directory !== undefined) {
      const files = {
        directory: options.directory,
        maxFileBytes: options.maxFileBytes ?? 16 * 1024 * 1024,
        maxFiles: options.maxFiles ?? 30,
        maxTotalBytes: options.maxTotalBytes ?? 256 * 1024 * 1024,
        maxPendingBytes: options.maxPendingBytes ?? 16 * 1024 * 1024,
      };
      this.#file = new RotatingTransport({ ...files, name: options.name ?? 'relay' });
      this.#metrics = new RotatingTransport({ ...files, name: 'metrics' });
    }
    const transports = [this.#console, this.#file].filter((transport) => transport !== undefined);
    this.#winston = winston.createLogger({
      levels: LEVEL_NUMBERS,
      level: 'trace',
      // Records come finished: they are the same for every transport.
      format: winston.format((record) => record)(),
      transports,
      silent: transports.length === 0,
    });
  }

  get level(): string {
    return formatLevels(this.#rules);
  }

  logger(scope: string): Logger {
    return new ScopedLogger(scope, this.#scopeLevel(scope), this.#write);
  }

  setLevel(level: string): void {
    this.#rules = parseLevels(level);
    for (const [scope, state] of this.#scopes) state.threshold = LEVEL_NUMBERS[levelOfScope(this.#rules, scope)];
  }

  metrics(record: object): void {
    if (this.#metrics === undefined || this.#closing) return;
    const into: Record<string, SafeValue> = {};
    this.#values.copyFields(record, into, false);
    this.#metrics.writeLine(JSON.stringify({ time: new Date().toISOString(), ...into }));
  }

  redirectConsole(printer?: ConsolePrinter): void {
    if (this.#console) this.#console.printer = printer;
  }

  async flush(): Promise<void> {
    while (this.#winston.readableLength > 0 || this.#winston.writableLength > 0) await setImmediate();
    await Promise.all([this.#console?.drained(), this.#file?.drained(), this.#metrics?.drained()]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.flush();
    const finished = [this.#winston, this.#metrics]
      .filter((stream) => stream !== undefined)
      .map(
        (stream) =>
          new Promise<void>((resolve) => {
            stream.once('finish', resolve);
            stream.end();
          }),
      );
    await Promise.all(finished);
  }

  readonly #write = (level: LogLevel, scope: string, message: string, fields?: LogFields, bound?: LogFields): void => {
    if (this.#closing) return;
    let safe: Record<string, SafeValue> | undefined;
    if (fields !== undefined || bound !== undefined) {
      safe = {};
      const withStack = level === 'error';
      if (bound !== undefined) this.#values.copyFields(bound, safe, withStack);
      if (fields !== undefined) this.#values.copyFields(fields, safe, withStack);
    }
    this.#winston.write(composeRecord(level, scope, this.#values.text(message), safe));
  };

  #scopeLevel(scope: string): ScopeLevel {
    let state = this.#scopes.get(scope);
    if (state === undefined) {
      state = { threshold: LEVEL_NUMBERS[levelOfScope(this.#rules, scope)] };
      this.#scopes.set(scope, state);
    }
    return state;
  }
}
