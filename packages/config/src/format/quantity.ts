import { refuse } from '../refusal.js';
import type { Bounds, Format } from './format.js';

const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
const COUNTS = { '': 1, k: 1e3, M: 1e6, G: 1e9 } as const;
const PER = { s: 1, min: 60, h: 3600 } as const;

const DURATION_HABITS = {
  ...{ '': 's', sec: 's', secs: 's', second: 's', seconds: 's', msec: 'ms', hr: 'h', hour: 'h', hours: 'h' },
  ...{ min: 'm', mins: 'm', minute: 'm', minutes: 'm', day: 'd', days: 'd' },
};
const BYTES_HABITS = {
  ...{ k: 'kB', kb: 'kB', m: 'MB', mb: 'MB', g: 'GB', gb: 'GB', t: 'TB', tb: 'TB', b: 'B' },
  ...{ kib: 'KiB', mib: 'MiB', gib: 'GiB', tib: 'TiB' },
};
const RATE_HABITS = {
  ...{ '': '/s', pps: '/s', kpps: 'k/s', mpps: 'M/s', k: 'k/s', m: 'M/s', g: 'G/s', '/sec': '/s', '/second': '/s' },
  ...{ '/m': '/min', '/minute': '/min', '/hour': '/h' },
};
const BIT_RATE_HABITS = {
  ...{ '': 'bit/s', k: 'kbit/s', m: 'Mbit/s', g: 'Gbit/s', bit: 'bit/s', kbit: 'kbit/s', mbit: 'Mbit/s' },
  ...{ gbit: 'Gbit/s', bps: 'bit/s', kbps: 'kbit/s', mbps: 'Mbit/s', gbps: 'Gbit/s', 'kbit/s': 'kbit/s' },
  ...{ 'mbit/s': 'Mbit/s', 'gbit/s': 'Gbit/s' },
};
/** Bytes where bits are expected: eight times as many. */
const BYTE_RATE = /^(\d{1,15}) ?([kKmMgG]?)B(?:\/s|ps)?$/;

const DURATION_PATTERN = '^(?:\\d{1,15}(?:ms|s|m|h|d))+$';
const BYTES_PATTERN = '^\\d{1,15}(?:B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$';
const RATE_PATTERN = '^\\d{1,15}[kMG]?/(?:s|min|h)$';
const BIT_RATE_PATTERN = '^\\d{1,15}[kMG]?bit/s$';

/**
 * The longest duration unless its option says otherwise: the most whole days, in ms, that a timer
 * of Node.js can wait (2^31 - 1 ms; beyond that it fires each ms). It also fits a protocol field of
 * 32 bits.
 */
const MAX_TIMER_MS = 24 * MILLISECONDS.d;

/**
 * A span of time with its unit, largest unit first: `500ms`, `30s`, `1h30m`, `7d`. The value is in
 * milliseconds. A number without a unit is refused.
 * @param given In milliseconds. Without `max` at most 24 days, so that every timer can wait for it;
 * an option whose value meets no timer may say more.
 */
export function duration(given: Bounds = {}): Format<number> {
  const bounds = { ...given, max: given.max ?? MAX_TIMER_MS };
  const form = '500ms, 30s, 1h30m or 7d';
  const expected = `a duration such as ${form}${within(bounds, formatDuration)}`;
  return quantity(
    { name: 'duration', valueName: 'TIME', valueForm: form, expected, habits: DURATION_HABITS },
    DURATION_PATTERN,
    bounds,
    (text) => {
      let total = 0;
      let last = Infinity;
      for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)([a-z]+)/g)) {
        const size = unit in MILLISECONDS ? MILLISECONDS[unit as keyof typeof MILLISECONDS] : 0;
        if (size >= last) return undefined;
        last = size;
        total += Number(digits) * size;
      }
      return total;
    },
  );
}

/** An amount of bytes: `1500`, `64KiB` (1024), `10MB` (1000²). The value is in bytes. */
export function bytes(bounds: Bounds = {}): Format<number> {
  const form = '1500, 64KiB or 10MB';
  const expected = `a size such as ${form}${within(bounds, formatBytes)}`;
  const format = quantity(
    { name: 'bytes', valueName: 'SIZE', valueForm: form, expected, habits: BYTES_HABITS },
    BYTES_PATTERN,
    bounds,
    (text) => {
      const { digits, rest } = split(text);
      return digits * BYTES[(rest || 'B') as keyof typeof BYTES];
    },
  );
  return {
    ...format,
    parse: (value, form) => format.parse(form === 'data' && isCount(value) ? String(value) : value, form),
    jsonSchema: {
      anyOf: [
        { type: 'integer', minimum: bounds.min ?? 0, maximum: bounds.max ?? Number.MAX_SAFE_INTEGER },
        { type: 'string', pattern: BYTES_PATTERN },
      ],
    },
  };
}

/**
 * How often something may happen: `100/s`, `30/min`, `5k/s`. The value is per second. Bounds are
 * per second.
 */
export function rate(bounds: Bounds = {}): Format<number> {
  const form = '100/s, 30/min or 5k/s';
  const expected = `a rate such as ${form}${within(bounds, (value) => `${formatCount(value)}/s`)}`;
  return quantity(
    { name: 'rate', valueName: 'RATE', valueForm: form, expected, habits: RATE_HABITS },
    RATE_PATTERN,
    bounds,
    (text) => {
      const { digits, rest } = split(text);
      const [prefix = '', unit = ''] = rest.split('/');
      return (digits * COUNTS[prefix as keyof typeof COUNTS]) / PER[unit as keyof typeof PER];
    },
  );
}

/** How much may pass: `64kbit/s`, `10Mbit/s`. The value is in bits per second. */
export function bitRate(bounds: Bounds = {}): Format<number> {
  const form = '64kbit/s or 10Mbit/s';
  const expected = `a bit rate such as ${form}${within(bounds, (value) => `${formatCount(value)}bit/s`)}`;
  return quantity(
    { name: 'bit rate', valueName: 'BITRATE', valueForm: form, expected, habits: BIT_RATE_HABITS },
    BIT_RATE_PATTERN,
    bounds,
    (text) => {
      const { digits, rest } = split(text);
      return digits * COUNTS[rest.replace('bit/s', '') as keyof typeof COUNTS];
    },
  );
}

/** How a kind of quantity is called and written. */
interface Naming extends Required<Pick<Format<number>, 'name' | 'valueName' | 'valueForm' | 'expected'>> {
  /** Units that people write by habit, in lower case, and those that were meant. */
  readonly habits: Readonly<Record<string, string>>;
}

function quantity(
  naming: Naming,
  pattern: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds,
  amountOf: (text: string) => number | undefined,
): Format<number> {
  const shape = new RegExp(pattern, 'u');
  const { expected, habits, ...names } = naming;
  const read = (value: unknown): number | undefined => {
    const amount = typeof value === 'string' && shape.test(value) ? amountOf(value) : undefined;
    return amount === undefined || amount < min || amount > max ? undefined : amount;
  };
  const meant = (value: unknown): string | undefined => {
    const text = typeof value === 'string' ? inKnownUnit(value, habits) : undefined;
    return read(text) === undefined ? undefined : text;
  };
  return {
    ...names,
    expected,
    parse(value) {
      const amount = read(value);
      return amount ?? refuse(expected, meant(value));
    },
    bounds: { min, max },
    jsonSchema: { type: 'string', pattern },
  };
}

/** The same amount with the unit that was meant; `undefined` if there is no such habit. */
function inKnownUnit(text: string, habits: Readonly<Record<string, string>>): string | undefined {
  const [, bytes, prefix = ''] = habits === BIT_RATE_HABITS ? (BYTE_RATE.exec(text) ?? []) : [];
  if (bytes !== undefined) return `${8 * Number(bytes)}${BIT_RATE_HABITS[prefix.toLowerCase() as 'k']}`;
  const [, digits = '', unit = ''] = /^(\d{1,15}) ?(\D*)$/.exec(text) ?? [];
  const known = unit.toLowerCase();
  return Object.hasOwn(habits, known) ? `${digits}${habits[known] ?? ''}` : undefined;
}

function split(text: string): { digits: number; rest: string } {
  const letters = text.search(/\D/);
  return letters < 0
    ? { digits: Number(text), rest: '' }
    : { digits: Number(text.slice(0, letters)), rest: text.slice(letters) };
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function within({ min, max }: Bounds, show: (value: number) => string): string {
  const parts = [
    ...(min === undefined ? [] : [`at least ${show(min)}`]),
    ...(max === undefined ? [] : [`at most ${show(max)}`]),
  ];
  return parts.length === 0 ? '' : `, ${parts.join(' and ')}`;
}

const formatDuration = (milliseconds: number): string => inLargestUnit(milliseconds, MILLISECONDS);

function formatBytes(amount: number): string {
  const { B, KiB, MiB, GiB, TiB } = BYTES;
  return inLargestUnit(amount, { ' bytes': B, KiB, MiB, GiB, TiB });
}

const formatCount = (amount: number): string => inLargestUnit(amount, COUNTS);

/** An amount in the largest of the units, ascending, of which it is a whole number. */
function inLargestUnit(amount: number, units: Readonly<Record<string, number>>): string {
  const fitting = Object.entries(units).filter(([, size]) => amount >= size && amount % size === 0);
  const [unit, size] = fitting.at(-1) ?? Object.entries(units)[0] ?? ['', 1];
  return `${amount / size}${unit}`;
}
