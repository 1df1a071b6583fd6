import type { LogLevel } from './levels.js';
import type { SafeValue } from './safe-value.js';

// Where winston and its transports look for the level and the finished line (the package triple-beam names them).
export const LEVEL = Symbol.for('level');
export const MESSAGE = Symbol.for('message');

/** One record on its way through winston. All texts are escaped, all fields safe; `[MESSAGE]` is its line of JSON. */
export interface LogRecord {
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly level: LogLevel;
  readonly scope: string;
  readonly message: string;
  readonly [key: string]: SafeValue;
  readonly [LEVEL]: LogLevel;
  readonly [MESSAGE]: string;
}

/** The longest line of a log, in bytes and without its newline; a record that would be longer loses its fields. */
export const MAX_LINE_BYTES = 16_384;

const OWN_KEYS = ['time', 'level', 'scope', 'message'];

/** Composes a record; a field that is called like one of the record's own keys gets a `_` after its name. */
export function composeRecord(
  level: LogLevel,
  scope: string,
  message: string,
  fields: Record<string, SafeValue> | undefined,
): LogRecord {
  const time = currentTime();
  const own = { time, level, scope, message };
  let line = JSON.stringify(own);
  if (fields === undefined) return { ...own, [LEVEL]: level, [MESSAGE]: line };
  for (const key of OWN_KEYS) {
    const value = fields[key];
    if (value === undefined) continue;
    fields[`${key}_`] = value;
    Reflect.deleteProperty(fields, key);
  }
  const rest = JSON.stringify(fields);
  if (rest !== '{}') line = `${line.slice(0, -1)},${rest.slice(1)}`;
  // A UTF-16 code unit takes at most three bytes, so most lines need not be counted.
  if (line.length > MAX_LINE_BYTES / 3 && Buffer.byteLength(line) > MAX_LINE_BYTES) {
    const short = { ...own, truncated: Buffer.byteLength(line) };
    return { ...short, [LEVEL]: level, [MESSAGE]: JSON.stringify(short) };
  }
  return { ...fields, ...own, [LEVEL]: level, [MESSAGE]: line };
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
