import { setImmediate } from 'node:timers/promises';
import winston from 'winston';
import type Transport from 'winston-transport';
import { ConsoleTransport, type ConsolePrinter } from './console/console-transport.js';
import { ErrorTracker, type ErrorSummary } from './error-tracker.js';
import { DEFAULT_MAX_LENGTH } from './escape.js';
import { openLogFiles, type LogFiles } from './file/log-files.js';
import { formatLevels, LEVEL_NUMBERS, levelOfScope, parseLevels, type LevelRules } from './levels.js';
import { ScopedLogger, type LogFields, type Logger, type RecordSink, type ScopeLevel } from './logger.js';
import { measureEach } from './metrics.js';
import { fileOptions, MAX_TIMER_MS, within, type LoggingOptions } from './options.js';
import { finished, OWN_KEYS, startRecord } from './record.js';
import { Redaction } from './redaction.js';
import { Repetition, type Occurrence } from './repetition.js';
import { SafeValues, type SafeValue } from './safe-value.js';
import { exitOnUnhandledErrors } from './unhandled.js';

/** A program's logs: loggers by scope, their levels, the files, the errors so far. */
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
  /**
   * Writes one line of JSON to the metrics log, with the time before the record's own fields;
   * without a folder it goes nowhere.
   */
  metrics(record: object): void;
  /**
   * Writes a record to the metrics log at each interval and at the end: what {@link METRICS_SCHEMA}
   * describes, and what `collect` returns. Returns the function that ends it.
   *
   * @param intervalMs 100 to 2^31 - 1 (24 days), what a timer can wait.
   * @throws {LoggingError} `invalid-option`
   */
  startMetrics(intervalMs: number, collect: () => object): () => void;
  /** The errors logged so far, the last seen first; at most 200 different ones. */
  errors(): ErrorSummary[];
  /** Lines that were dropped, since an output was slow, full or gone. */
  readonly lostLines: number;
  /**
   * Hands the console's records to a printer (a prompt or a screen that owns the terminal) instead
   * of the stream, until called without one.
   */
  redirectConsole(printer?: ConsolePrinter): void;
  /** Resolves when everything logged until now is written; while a disk is full it waits for it. */
  flush(): Promise<void>;
  /**
   * Writes the rest, or counts it as lost, and closes the files. Idempotent; later records are
   * dropped.
   */
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

interface LogCall extends Occurrence {
  readonly fields: LogFields | undefined;
  readonly bound: readonly LogFields[];
  /** Of an error: all of its kind until this one. */
  readonly tracked: ErrorSummary | undefined;
}

const REPEAT_INTERVAL_MS = 60_000;
const MIN_METRICS_INTERVAL_MS = 100;

class WinstonLogging implements Logging {
  #rules: LevelRules;
  readonly #scopes = new Map<string, ScopeLevel>();
  readonly #values: SafeValues;
  readonly #console: ConsoleTransport | undefined;
  readonly #files: LogFiles | undefined;
  readonly #winston: winston.Logger;
  readonly #errors = new ErrorTracker();
  readonly #repetition: Repetition<LogCall> | undefined;
  readonly #own: Logger;
  readonly #metricsEndings = new Set<() => void>();
  readonly #releases: (() => void)[] = [];
  #closing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: LoggingOptions) {
    const { level = 'info', console = {}, redact, repeatIntervalMs = REPEAT_INTERVAL_MS } = options;
    within('repeatIntervalMs', repeatIntervalMs, 0, MAX_TIMER_MS);
    this.#rules = parseLevels(level);
    this.#values = new SafeValues(new Redaction(redact), DEFAULT_MAX_LENGTH);
    this.#own = this.logger('logging');
    this.#files = openLogFiles(fileOptions(options), this.#own);
    this.#console = console === false ? undefined : new ConsoleTransport(console);
    this.#showStacks();
    this.#winston = this.#createWinston();
    if (repeatIntervalMs > 0) this.#repetition = new Repetition(repeatIntervalMs, this.#emit, overflowing);
    process.on('exit', this.#writeNow);
    this.#releases.push(() => process.off('exit', this.#writeNow));
    if (options.exitOnUnhandledErrors) this.#releases.push(exitOnUnhandledErrors(this.#own, () => this.close()));
  }

  get level(): string {
    return formatLevels(this.#rules);
  }

  get lostLines(): number {
    return (this.#console?.lostLines ?? 0) + (this.#files?.lostLines ?? 0);
  }

  logger(scope: string): Logger {
    let state = this.#scopes.get(scope);
    if (state === undefined) {
      state = { threshold: LEVEL_NUMBERS[levelOfScope(this.#rules, scope)] };
      this.#scopes.set(scope, state);
    }
    return new ScopedLogger(scope, state, this.#log);
  }

  setLevel(level: string): void {
    this.#rules = parseLevels(level);
    for (const [scope, state] of this.#scopes) state.threshold = LEVEL_NUMBERS[levelOfScope(this.#rules, scope)];
    this.#showStacks();
  }

  metrics(record: object): void {
    this.#writeMetrics({}, record);
  }

  startMetrics(intervalMs: number, collect: () => object): () => void {
    within('intervalMs', intervalMs, MIN_METRICS_INTERVAL_MS, MAX_TIMER_MS);
    const end = measureEach(intervalMs, {
      tell: (measured) => this.#writeMetrics({ ...measured, lostLogLines: this.lostLines }, this.#collected(collect)),
      failed: (error) => this.#own.error('the process could not be measured', { error }),
    });
    this.#metricsEndings.add(end);
    return () => {
      if (this.#metricsEndings.delete(end)) end();
    };
  }

  errors(): ErrorSummary[] {
    return this.#errors.summaries();
  }

  redirectConsole(printer?: ConsolePrinter): void {
    if (this.#console) this.#console.printer = printer;
  }

  async flush(): Promise<void> {
    while (this.#winston.readableLength > 0 || this.#winston.writableLength > 0) await setImmediate();
    await Promise.all([this.#console?.drained(), this.#files?.drained()]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    for (const end of this.#metricsEndings) end();
    this.#repetition?.end();
    this.#isClosed = true;
    while (this.#winston.readableLength > 0 || this.#winston.writableLength > 0) await setImmediate();
    // Winston's logger ends its transports, and ends itself after them.
    await new Promise<void>((resolve) => {
      this.#winston.once('finish', resolve);
      this.#winston.end();
    });
    await this.#files?.close();
    for (const release of this.#releases) release();
  }

  #createWinston(): winston.Logger {
    // By its members: winston's typings import the class in a way that makes another class of it.
    const transports: Pick<Transport, keyof Transport>[] = [];
    if (this.#console) transports.push(this.#console);
    if (this.#files) transports.push(this.#files.log);
    const logger = winston.createLogger({
      levels: { ...LEVEL_NUMBERS },
      level: 'trace',
      // Records come finished: they are the same for every transport.
      format: winston.format((record) => record)(),
      transports,
      silent: transports.length === 0,
    });
    logger.on('error', (error: unknown) => this.#own.warn('an output of the log failed', { error }));
    return logger;
  }

  /** At the end of a process that did not wait for `close`. */
  readonly #writeNow = (): void => {
    this.#repetition?.end();
    this.#console?.writeNow();
    this.#files?.writeNow();
  };

  readonly #log: RecordSink = (level, scope, text, fields, bound) => {
    if (this.#isClosed) return;
    const message = this.#values.text(typeof text === 'string' ? text : textOf(text));
    const call = { level, scope, message, fields, bound, identity: '', variant: '', tracked: undefined };
    if (LEVEL_NUMBERS[level] > LEVEL_NUMBERS.warn) this.#emit(call, 0);
    else this.#emitOnce({ ...call, ...this.#identity(call) });
  };

  #emitOnce(call: LogCall): void {
    if (this.#repetition) this.#repetition.occur(call, performance.now());
    else this.#emit(call, 0);
  }

  readonly #emit = ({ level, scope, message, fields, bound, tracked }: LogCall, repeated: number): void => {
    const record = startRecord(level, scope, message);
    const withStack = level === 'error';
    for (const own of bound) this.#values.copyFields(own, record, OWN_KEYS, withStack);
    if (fields !== undefined) this.#values.copyFields(fields, record, OWN_KEYS, withStack);
    if (repeated > 0) record.repeated = repeated;
    if (tracked !== undefined) Object.assign(record, { fingerprint: tracked.fingerprint, occurrences: tracked.count });
    this.#winston.write(finished(record));
  };

  /**
   * Tells apart calls with the same message, by their logger's own fields, by their kind of error,
   * which is tracked, and by the texts among their fields.
   */
  #identity({ level, scope, message, fields, bound }: LogCall): Pick<LogCall, 'identity' | 'variant' | 'tracked'> {
    const own: Record<string, SafeValue> = {};
    for (const part of bound) this.#values.copyFields(part, own, OWN_KEYS, false);
    const identity = bound.length === 0 ? '' : JSON.stringify(own);
    const variant = this.#variant(fields);
    if (level !== 'error') return { identity, variant, tracked: undefined };
    const tracked = this.#errors.track(scope, message, errorOf(fields), new Date().toISOString());
    return { identity: tracked.fingerprint + identity, variant, tracked };
  }

  /** The texts among the fields say which: a target, a reason, a file. Numbers are measured. */
  #variant(fields: LogFields | undefined): string {
    if (fields === undefined) return '';
    const said: Record<string, SafeValue> = {};
    this.#values.copyFields(fields, said, OWN_KEYS, false);
    const texts = Object.entries(said).filter(([, value]) => typeof value === 'string');
    return texts.length === 0 ? '' : JSON.stringify(texts);
  }

  #writeMetrics(own: object, record: object): void {
    if (this.#files === undefined || this.#isClosed) return;
    const into: Record<string, SafeValue> = { time: new Date().toISOString(), ...own };
    this.#values.copyFields(record, into, new Set(Object.keys(into)), false);
    this.#files.metrics.writeLine(JSON.stringify(into));
  }

  #collected(collect: () => object): object {
    try {
      return collect();
    } catch (error) {
      this.#own.error('the metrics could not be collected', { error });
      return {};
    }
  }

  #showStacks(): void {
    if (this.#console) this.#console.showsStacks = LEVEL_NUMBERS[this.#rules.root] >= LEVEL_NUMBERS.debug;
  }
}

/** A caller without types may give anything as the message. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return '[unreadable]';
  }
}

/** The field `error`; a getter made to hurt is not one. */
function errorOf(fields: LogFields | undefined): unknown {
  if (fields === undefined) return undefined;
  try {
    return Reflect.get(fields, 'error');
  } catch {
    return undefined;
  }
}

/** Stands for all messages of a scope and level that are too many to be written one by one. */
function overflowing({ level, scope }: LogCall): LogCall {
  const message = 'too many different messages; the others are only counted';
  return { level, scope, message, identity: '', variant: '', fields: undefined, bound: [], tracked: undefined };
}
