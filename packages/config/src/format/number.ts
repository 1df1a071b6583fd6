import { refuse } from '../refusal.js';
import type { Bounds, Format } from './format.js';

const WHOLE = /^-?(?:0|[1-9]\d*)$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/**
 * A whole number: digits as text, a number in a file. Nothing else: no `12abc`, `0x10`, `1e3`,
 * `1.0` or `" 1"`. A bound that is left out is that of JavaScript's safe integers.
 */
export function integer(bounds: Bounds = {}): Format<number> {
  const min = bounds.min ?? Number.MIN_SAFE_INTEGER;
  const max = bounds.max ?? Number.MAX_SAFE_INTEGER;
  return numeric('integer', `a whole number${range(bounds)}`, WHOLE, min, max, Number.isSafeInteger);
}

/** A decimal number such as `0.25`. No exponents, no `Infinity`, no `NaN`. */
export function decimal(bounds: Bounds = {}): Format<number> {
  const min = bounds.min ?? -Number.MAX_VALUE;
  const max = bounds.max ?? Number.MAX_VALUE;
  return numeric('number', `a number${range(bounds)}`, DECIMAL, min, max, Number.isFinite);
}

/**
 * A port that something can be sent to, 1 to 65535; with `{ min: 0 }` also 0, which lets the system
 * choose.
 */
export function port(bounds: Bounds = {}): Format<number> {
  const min = bounds.min ?? 1;
  const max = bounds.max ?? 65_535;
  return numeric('port', `a port${range({ min, max })}`, WHOLE, min, max, Number.isSafeInteger);
}

function numeric(
  name: string,
  expected: string,
  pattern: RegExp,
  min: number,
  max: number,
  accepts: (value: number) => boolean,
): Format<number> {
  return {
    name,
    expected,
    parse(value, form) {
      const number = form === 'text' && typeof value === 'string' && pattern.test(value) ? Number(value) : value;
      if (typeof number !== 'number' || !accepts(number) || number < min || number > max) return refuse(expected);
      return number === 0 ? 0 : number;
    },
    bounds: { min, max },
    jsonSchema: { type: name === 'number' ? 'number' : 'integer', minimum: min, maximum: max },
  };
}

function range({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
