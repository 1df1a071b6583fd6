import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { codeOf } from './errors.js';
import { escapeUntrusted } from './escape.js';
import { stackLines } from './safe-value.js';

/**
 * All occurrences of one error: the same scope, message, kind and place, whatever numbers and
 * addresses its texts contain.
 */
export interface ErrorSummary {
  /** Twelve hexadecimal digits, the same in every run of the same program. */
  readonly fingerprint: string;
  readonly scope: string;
  /** The message of the last occurrence, escaped. */
  readonly message: string;
  /** The error's name, code and message and those of its causes, the outermost first, escaped. */
  readonly causes: readonly string[];
  readonly count: number;
  /** ISO 8601, UTC. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}

// So many different errors are remembered; the one not seen for longest is forgotten first.
const MAX_ERRORS = 200;
const MAX_CAUSES = 5;

/** Remembers which errors there were, how often, and when first and last. */
export class ErrorTracker {
  readonly #summaries = new Map<string, ErrorSummary>();

  track(scope: string, message: string, error: unknown, time: string): ErrorSummary {
    const fingerprint = fingerprintOf(scope, message, error);
    const known = this.#summaries.get(fingerprint);
    const { count, firstSeen } = known ?? { count: 0, firstSeen: time };
    const summary = {
      fingerprint,
      scope,
      message,
      causes: causesOf(error),
      count: count + 1,
      firstSeen,
      lastSeen: time,
    };
    this.#summaries.delete(fingerprint);
    this.#summaries.set(fingerprint, summary);
    const [oldest] = this.#summaries.keys();
    if (this.#summaries.size > MAX_ERRORS && oldest !== undefined) this.#summaries.delete(oldest);
    return summary;
  }

  /** The last seen first. */
  summaries(): ErrorSummary[] {
    return [...this.#summaries.values()].reverse();
  }
}

function fingerprintOf(scope: string, message: string, error: unknown): string {
  const parts = [scope, withoutDetails(message)];
  if (types.isNativeError(error)) parts.push(...read(() => [error.name, codeOf(error), functionOf(error)]));
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 12);
}

/** Numbers, addresses and quoted names vary from one occurrence to the next. */
function withoutDetails(text: string): string {
  const unquoted = text.replace(/'[^']*'|"[^"]*"/g, "''");
  return unquoted.replace(/[0-9a-f:.]+/gi, (word) => (/\d/.test(word) ? '#' : word));
}

/** The innermost function of the stack, without its line, which changes with every release. */
function functionOf(error: Error): string {
  return /^at (?:async )?(\S+) \(/.exec(stackLines(error)[0] ?? '')?.[1] ?? '';
}

function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  let cause = error;
  while (cause !== undefined && cause !== null && causes.length < MAX_CAUSES) {
    const current = cause;
    causes.push(...read(() => [describe(current)]));
    [cause] = read(() => [types.isNativeError(current) ? current.cause : undefined]);
  }
  return causes;
}

function describe(error: unknown): string {
  if (!types.isNativeError(error)) return escapeUntrusted(String(error));
  const code = codeOf(error);
  return escapeUntrusted(`${error.name}${code === '' ? '' : ` ${code}`}: ${error.message}`);
}

/** A hostile error has getters that throw. */
function read<T>(values: () => T[]): T[] {
  try {
    return values();
  } catch {
    return [];
  }
}
