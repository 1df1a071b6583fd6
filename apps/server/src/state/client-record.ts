/**
 * The record of a client: its public key and its rights. One JSON file each, named after the
 * client.
 */
import { parseKey } from '@relay/session';
import { parseAllowance, parsePorts } from './allowance.js';

export interface ClientRecord {
  readonly name: string;
  /** base64url */
  readonly publicKey: string;
  /** As `--allow` gave them: `CIDR[:PORTS]`. Empty: public unicast addresses. */
  readonly allow: readonly string[];
  /** Ports of the server that it may publish, as `--publish` gave them; absent or empty: none. */
  readonly publish?: readonly string[];
  /** Packets and bits per second that the server takes from the client; absent: no limit. */
  readonly maxPps?: number;
  readonly maxBps?: number;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly expiresAt?: string;
}

/**
 * Names are file names too, and stand in logs and metrics: letters, digits, `.`, `_`, `-`, not
 * beginning with a dot.
 */
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

export const isClientName = (name: string): boolean => NAME.test(name);

/** Reads the content of a client's file; a string names its fault. */
export function parseClientRecord(text: string, name: string): ClientRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is not an object';
  const fields = new Map<string, unknown>(Object.entries(value));
  const fault = firstFault(fields);
  if (fault !== undefined) return fault;
  const [publicKey, createdAt, expiresAt] = ['publicKey', 'createdAt', 'expiresAt'].map((key) =>
    textOf(fields.get(key)),
  );
  const [maxPps, maxBps] = ['maxPps', 'maxBps'].map((key) => numberOf(fields.get(key)));
  const publish = textsOf(fields.get('publish'));
  return {
    name,
    publicKey: publicKey ?? '',
    allow: textsOf(fields.get('allow')),
    ...(publish.length > 0 && { publish }),
    createdAt: createdAt ?? '',
    ...(maxPps !== undefined && { maxPps }),
    ...(maxBps !== undefined && { maxBps }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter(isText) : []);
const isText = (value: unknown): value is string => typeof value === 'string';
/** From one a second on; 100/min is a right of its own, and no whole number. */
const isRate = (value: unknown): boolean => typeof value === 'number' && value >= 1 && value <= Number.MAX_SAFE_INTEGER;
/** A date, or a time of it, as in ISO 8601: Date.parse takes other words and what stands beside. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;
const isTime = (value: unknown): boolean => isText(value) && TIME.test(value) && !Number.isNaN(Date.parse(value));

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  name: isText,
  publicKey: (value) => isText(value) && parseKey(value) !== undefined,
  allow: (value) => Array.isArray(value) && value.every((text) => isText(text) && parseAllowance(text) !== undefined),
  publish: (value) =>
    value === undefined ||
    (Array.isArray(value) && value.every((text) => isText(text) && parsePorts(text) !== undefined)),
  maxPps: (value) => value === undefined || isRate(value),
  maxBps: (value) => value === undefined || isRate(value),
  createdAt: isTime,
  expiresAt: (value) => value === undefined || isTime(value),
};

function firstFault(fields: ReadonlyMap<string, unknown>): string | undefined {
  for (const [key, isRight] of Object.entries(CHECKS))
    if (!isRight(fields.get(key))) return `its ${key} is wrong or missing`;
  for (const key of fields.keys()) if (!Object.hasOwn(CHECKS, key)) return `it has an unknown field '${key}'`;
  return undefined;
}
