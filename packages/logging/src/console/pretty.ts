import type { LogRecord } from '../record.js';
import type { LogLevel } from '../levels.js';
import type { SafeValue } from '../safe-value.js';

// Select Graphic Rendition (ECMA-48, 8.3.117).
const LEVEL_COLOURS: Readonly<Record<LogLevel, string>> = {
  error: '31',
  warn: '33',
  info: '32',
  debug: '36',
  trace: '90',
};

// Shown in front of the fields, or of use to programs only.
const NO_FIELDS = new Set(['time', 'level', 'scope', 'message', 'fingerprint', 'occurrences']);

/**
 * One record for people, on one line: local time, level, scope, message, fields. Stacks of errors
 * follow on lines of their own, if wanted.
 */
export function prettyText(record: LogRecord, inColour: boolean, withStacks: boolean): string {
  const level = record.level.padEnd(5);
  const parts = [
    localTime(record.time),
    inColour ? `\x1b[${LEVEL_COLOURS[record.level]}m${level}\x1b[39m` : level,
    inColour ? `\x1b[1m${record.scope}\x1b[22m` : record.scope,
    record.message,
  ];
  const stacks: string[] = [];
  for (const [key, value] of Object.entries(record)) {
    if (!NO_FIELDS.has(key)) parts.push(`${key}=${prettyValue(value, stacks)}`);
  }
  return withStacks ? [parts.join(' '), ...stacks].join('\n    ') : parts.join(' ');
}

function prettyValue(value: SafeValue, stacks: string[]): string {
  if (typeof value === 'string')
    return /^[^\s"'=,[\]{}()]+$/.test(value) ? value : JSON.stringify(value).replaceAll('\\\\', '\\');
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => prettyValue(item, stacks)).join(', ')}]`;
  const { name, message, ...rest } = value;
  if (typeof name === 'string' && typeof message === 'string') return prettyError(name, message, rest, stacks);
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}=${prettyValue(item, stacks)}`)
    .join(' ')}}`;
}

function prettyError(name: string, message: string, rest: Record<string, SafeValue>, stacks: string[]): string {
  const { stack, cause, ...others } = rest;
  if (Array.isArray(stack)) stacks.push(...stack.map(String));
  const fields = Object.entries(others).map(([key, item]) => ` ${key}=${prettyValue(item, stacks)}`);
  const because = cause === undefined ? '' : ` (because ${prettyValue(cause, stacks)})`;
  return `${name}: ${message}${fields.join('')}${because}`;
}

function localTime(time: string): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = `${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}:${seconds}`;
}
