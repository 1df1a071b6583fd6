const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const DECIMAL_PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** A number of bytes in binary units: `0 B`, `1.5 KiB`, `12.0 GiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return '–';
  const { value, step } = scaled(bytes, 1024, BINARY_UNITS.length - 1);
  return `${digits(value, step)} ${BINARY_UNITS[step] ?? ''}`;
}

/**
 * Something per second in decimal units: `formatRate(1_250_000, 'bit/s')` is `1.25 Mbit/s`; without
 * a unit `1.25 M/s`.
 */
export function formatRate(perSecond: number, unit = '/s'): string {
  if (!Number.isFinite(perSecond)) return '–';
  const { value, step } = scaled(perSecond, 1000, DECIMAL_PREFIXES.length - 1);
  return `${digits(value, step)} ${DECIMAL_PREFIXES[step] ?? ''}${unit}`;
}

/**
 * A time in milliseconds in its two largest units: `0.35 ms`, `12.3 s`, `4m 05s`, `3h 07m`,
 * `2d 04h`.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 100) return `${Number(ms.toFixed(2))} ms`;
  if (ms < 1000) return `${Math.floor(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

function scaled(value: number, base: number, steps: number): { value: number; step: number } {
  let step = 0;
  let rest = value;
  // A number that would be shown as 1000 of a unit is shown as 1 of the next.
  while (Math.abs(rest) >= base - 0.5 && step < steps) {
    rest /= base;
    step++;
  }
  return { value: rest, step };
}

/** Three digits that matter, none after the point where nothing was scaled down. */
function digits(value: number, step: number): string {
  const size = Math.abs(value);
  if (step === 0) return Number.isInteger(value) ? String(value) : value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
