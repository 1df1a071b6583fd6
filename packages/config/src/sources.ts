import type { Configuration } from './configuration.js';

/**
 * One line for each option that has a value: key, value and where it came from, in columns. Secrets
 * are hidden.
 */
export function formatSources(configuration: Configuration<unknown>): string {
  const rows = [...configuration.sources];
  const keyWidth = Math.max(0, ...rows.map(([key]) => key.length));
  const valueWidth = Math.max(0, ...rows.map(([, { shown }]) => shown.length));
  return rows
    .map(([key, { shown, source }]) => `${key.padEnd(keyWidth)} = ${shown.padEnd(valueWidth)}  ${source}\n`)
    .join('');
}
