import { types } from 'node:util';
import { escapeHead, escapeUntrusted } from './escape.js';
import { REDACTED, type Redaction } from './redaction.js';

/** A safe value of a record's field: JSON, bounded in depth, width and length. */
export type SafeValue = string | number | boolean | null | SafeValue[] | { [key: string]: SafeValue };

const MAX_DEPTH = 6;
const MAX_ITEMS = 64;
// For one record, over all of its values.
const MAX_VALUES = 500;
const MAX_KEY_LENGTH = 128;
const MAX_CREDENTIALS_LENGTH = 4096;
const MAX_CAUSES = 5;
const MAX_STACK_LINES = 20;
const NONE: ReadonlySet<string> = new Set();

/**
 * Turns anything into {@link SafeValue}s: cycles, throwing getters, proxies, huge or secret values
 * included. Never throws.
 */
export class SafeValues {
  readonly #redaction: Redaction;
  readonly #maxStringLength: number;
  #left = 0;

  constructor(redaction: Redaction, maxStringLength: number) {
    this.#redaction = redaction;
    this.#maxStringLength = maxStringLength;
  }

  text(text: string): string {
    // Of a huge text only the beginning is searched for credentials, but enough that none can begin
    // before the cut and end after the searched part.
    const head =
      text.length > this.#maxStringLength ? text.slice(0, this.#maxStringLength + MAX_CREDENTIALS_LENGTH) : text;
    return escapeHead(this.#redaction.withoutCredentials(head), this.#maxStringLength, text.length);
  }

  /**
   * Copies the fields' own enumerable properties into the record, each made safe; to a name that is
   * reserved a `_` is added.
   */
  copyFields(fields: object, into: Record<string, SafeValue>, reserved: ReadonlySet<string>, withStack: boolean): void {
    this.#left = MAX_VALUES;
    this.#copyProperties(fields, into, [fields], withStack, reserved);
  }

  #copyProperties(
    from: object,
    into: Record<string, SafeValue>,
    path: object[],
    withStack: boolean,
    reserved: ReadonlySet<string> = NONE,
  ): void {
    let count = 0;
    for (const key of ownKeys(from)) {
      if (count++ === MAX_ITEMS) {
        into['…'] = 'more keys left out';
        return;
      }
      const name = reserved.has(key) ? `${key}_` : safeKey(key);
      if (this.#redaction.isSecretKey(key)) into[name] = REDACTED;
      else {
        const value = this.#property(from, key, path, withStack);
        if (value !== undefined) into[name] = value;
      }
    }
  }

  #property(from: object, key: string, path: object[], withStack: boolean): SafeValue | undefined {
    try {
      return this.#value(Reflect.get(from, key), path, withStack);
    } catch {
      return '[unreadable]';
    }
  }

  #value(value: unknown, path: object[], withStack: boolean): SafeValue | undefined {
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'boolean':
        return value;
      case 'undefined':
        return undefined;
      case 'bigint':
        return value.toString();
      case 'symbol':
        return this.text(value.toString());
      case 'function':
        return this.text(`[function ${value.name}]`);
      case 'object':
        return value === null ? null : this.#object(value, path, withStack);
    }
  }

  #object(value: object, path: object[], withStack: boolean): SafeValue {
    if (path.includes(value)) return '[circular]';
    if (path.length > MAX_DEPTH || this.#left-- <= 0) return '[too deep]';
    const replacement = this.#redaction.replacement(value);
    if (replacement !== undefined) return replacement;
    path.push(value);
    try {
      return this.#contents(value, path, withStack);
    } finally {
      path.pop();
    }
  }

  #contents(value: object, path: object[], withStack: boolean): SafeValue {
    if (types.isNativeError(value)) return this.#error(value, path, withStack);
    if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof URL || types.isRegExp(value)) return this.text(String(value));
    if (Array.isArray(value)) return this.#items(value, value.length, path, withStack);
    if (types.isSet(value)) return this.#items(value, value.size, path, withStack);
    if (types.isMap(value)) return this.#items(value.entries(), value.size, path, withStack);
    const into: Record<string, SafeValue> = {};
    this.#copyProperties(value, into, path, withStack);
    return into;
  }

  #items(items: Iterable<unknown>, length: number, path: object[], withStack: boolean): SafeValue {
    const safe: SafeValue[] = [];
    for (const item of items) {
      if (safe.length === MAX_ITEMS) {
        safe.push(`…(+${length - MAX_ITEMS})`);
        break;
      }
      safe.push(this.#value(item, path, withStack) ?? null);
    }
    return safe;
  }

  /** Name, message, code and the other own properties; the stack as lines; the chain of causes. */
  #error(error: Error, path: object[], withStack: boolean): SafeValue {
    const into: Record<string, SafeValue> = {
      name: this.#property(error, 'name', path, false) ?? 'Error',
      message: this.#property(error, 'message', path, false) ?? '',
    };
    this.#copyProperties(error, into, path, withStack);
    const stack = withStack ? stackLines(error) : [];
    if (stack.length > 0) into.stack = stack.map((line) => this.text(line));
    const cause: unknown = Reflect.get(error, 'cause');
    if (cause !== undefined && into.cause === undefined && path.length <= MAX_CAUSES) {
      into.cause = this.#value(cause, path, withStack) ?? null;
    }
    return into;
  }
}

/** The lines of an error's stack after its message, at most 20, without indentation. */
export function stackLines(error: Error): string[] {
  const { stack } = error;
  if (typeof stack !== 'string') return [];
  const lines = stack.split('\n', 500).map((line) => line.trim());
  return lines.filter((line) => line.startsWith('at ')).slice(0, MAX_STACK_LINES);
}

function ownKeys(value: object): string[] {
  try {
    return Object.keys(value);
  } catch {
    return [];
  }
}

function safeKey(key: string): string {
  // Assigning to `__proto__` would change the record's prototype instead of adding a key.
  return key === '__proto__' ? '[__proto__]' : escapeUntrusted(key, MAX_KEY_LENGTH);
}
