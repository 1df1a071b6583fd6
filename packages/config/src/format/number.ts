import { refuse } from '../refusal.js';
import type { Bounds, Format } from './format.js';

/** A kind of number: how text writes it, its type in a JSON schema, and which numbers it has. */
interface Kind {
  readonly text: RegExp;
  readonly schemaType: 'integer' | 'number';
  readonly has: (value: number) => boolean;
}

const WHOLE_NUMBER: Kind = { text: /^-?(?:0|[1-9]\d*)$/, schemaType: 'integer', has: Number.isSafeInteger };
const DECIMAL_NUMBER: Kind = { text: /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/, schemaType: 'number', has: Number.isFinite };

/**
 * A whole number: digits as text, a number in a file. Nothing else: no `12abc`, `0x10`, `1e3`,
 * `1.0` or `" 1"`. A bound that is left out is that of JavaScript's safe integers.
 */
export function integer(bounds: Bounds = {}): Format<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
  return numeric('integer', `a whole number${range(bounds)}`, WHOLE_NUMBER, { min, max });
}

/** A decimal number such as `0.25`. No exponents, no `Infinity`, no `NaN`. */
export function decimal(bounds: Bounds = {}): Format<number> {
  const { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = bounds;
  return numeric('number', `a number${range(bounds)}`, DECIMAL_NUMBER, { min, max });
}

/**
 * A port that something can be sent to, 1 to 65535; with `{ min: 0 }` also 0, which lets the system
 * choose.
 */
export function port(bounds: Bounds = {}): Format<number> {
  const { min = 1, max = 65_535 } = bounds;
  return numeric('port', `a port${range({ min, max })}`, WHOLE_NUMBER, { min, max });
}

function numeric(name: string, expected: string, kind: Kind, { min, max }: Required<Bounds>): Format<number> {
  return {
    name,
    valueName: name === 'port' ? 'PORT' : 'N',
    expected,
    parse(value, form) {
      const number = form === 'text' && typeof value === 'string' && kind.text.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !kind.has(number) || number < min || number > max) return refuse(expected);
      return number === 0 ? 0 : number;
    },
    bounds: { min, max },
    jsonSchema: { type: kind.schemaType, minimum: min, maximum: max },
  };
}

function range({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
