import { address, cidr } from './address.js';
import { endpoint, endpointRange, host, hostEndpoint, hostEndpointRange, ports } from './endpoint.js';
import type { Format } from './format.js';
import { list } from './list.js';
import { decimal, integer, port } from './number.js';
import { bitRate, bytes, duration, rate } from './quantity.js';
import { boolean, choice, level, path, text } from './text.js';

/**
 * The formats that an option may name by a word. Each has its value and its bounds at the function
 * or constant that makes it.
 */
export const FORMATS = {
  address,
  bitRate: bitRate(),
  boolean,
  bytes: bytes(),
  cidr,
  decimal: decimal(),
  directory: path('directory'),
  duration: duration(),
  endpoint,
  endpointRange,
  host,
  hostEndpoint,
  hostEndpointRange,
  integer: integer(),
  level,
  list: list(text()),
  path: path(),
  port: port(),
  ports,
  rate: rate(),
  string: text(),
} as const satisfies Record<string, Format<unknown>>;

/**
 * How an option names its format: a word of {@link FORMATS}, the allowed words, or a format of its
 * own.
 */
export type FormatLike = keyof typeof FORMATS | readonly string[] | Format<unknown>;

/** The type of the values of a format. */
export type ValueOfFormat<F> = F extends keyof typeof FORMATS
  ? ValueOfFormat<(typeof FORMATS)[F]>
  : F extends readonly (infer Word)[]
    ? Word
    : F extends Format<infer T>
      ? T
      : never;

/**
 * The format that was meant.
 * @throws {TypeError} if there is none of that name.
 */
export function resolveFormat(format: FormatLike): Format<unknown> {
  if (typeof format === 'string') {
    if (!Object.hasOwn(FORMATS, format)) throw new TypeError(`There is no format ${JSON.stringify(format)}`);
    return FORMATS[format];
  }
  return 'parse' in format ? format : choice(format);
}
