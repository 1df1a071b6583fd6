import type { LogLevel } from './levels.js';
import type { SafeValue } from './safe-value.js';

// Where winston and its transports look for the level and the finished line (the package
// triple-beam names them).
const LEVEL = Symbol.for('level');
export const MESSAGE = Symbol.for('message');

/**
 * One record on its way through winston. All texts are escaped, all fields safe; `[MESSAGE]` is its
 * line of JSON.
 */
export interface LogRecord {
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly level: LogLevel;
  readonly scope: string;
  readonly message: string;
  readonly [LEVEL]: LogLevel;
  readonly [MESSAGE]: string;
  // The fields.
  [key: string]: SafeValue;
}

/**
 * The longest line of a log, in bytes and without its newline; a record that would be longer loses
 * its fields.
 */
export const MAX_LINE_BYTES = 16_384;

/**
 * The names of a record's own keys; a field that is called like one of them gets a `_` after its
 * name.
 */
export const OWN_KEYS: ReadonlySet<string> = new Set([
  'time',
  'level',
  'scope',
  'message',
  'repeated',
  'fingerprint',
  'occurrences',
]);

/** A record of now to which fields can be added, and which is then {@link finished}. */
export function startRecord(level: LogLevel, scope: string, message: string): LogRecord {
  return { time: currentTime(), level, scope, message, [LEVEL]: level, [MESSAGE]: '' };
}

/** The record with its line. */
export function finished(record: LogRecord): LogRecord {
  const line = JSON.stringify(record);
  // A UTF-16 code unit takes at most three bytes, so most lines need not be counted.
  if (line.length > MAX_LINE_BYTES / 3 && Buffer.byteLength(line) > MAX_LINE_BYTES) {
    const { time, level, scope, message } = record;
    return finished({
      time,
      level,
      scope,
      message,
      leftOutBytes: Buffer.byteLength(line),
      [LEVEL]: level,
      [MESSAGE]: '',
    });
  }
  return Object.assign(record, { [MESSAGE]: line });
}

// Formatting a date costs more than the rest of a record, so it is done once a millisecond.
let lastMs = Number.NaN;
let lastTime = '';

function currentTime(): string {
  const nowMs = Date.now();
  if (nowMs !== lastMs) {
    lastMs = nowMs;
    lastTime = new Date(nowMs).toISOString();
  }
  return lastTime;
}
