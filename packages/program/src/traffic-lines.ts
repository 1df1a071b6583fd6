/** The display of traffic: one row for each direction, and one line for each drop reason. */
import { formatBytes, formatRate, table } from '@relay/terminal';
import type { Rates } from './rates.js';

/** The figures of one direction. */
export interface DirectionFigures {
  readonly inDatagrams: number;
  readonly inBytes: number;
  readonly outDatagrams: number;
  readonly outBytes: number;
  readonly drops: Readonly<Partial<Record<string, number>>>;
}

const BITS = 8;

/**
 * Returns a table of directions by name. The rates cover the time since the last call with the same
 * `rates`.
 */
export function trafficLines(
  directions: Readonly<Record<string, DirectionFigures>>,
  rates: Rates,
  nowMs: number,
): string[] {
  const counts: Record<string, number> = {};
  for (const [name, { outDatagrams, outBytes }] of Object.entries(directions)) {
    counts[`${name}.datagrams`] = outDatagrams;
    counts[`${name}.bytes`] = outBytes;
  }
  const perSecond = rates.perSecond(counts, nowMs);
  const rows = Object.entries(directions).map(([name, { outDatagrams, outBytes, drops }]) => [
    name,
    `${outDatagrams}`,
    formatBytes(outBytes),
    formatRate(perSecond[`${name}.datagrams`] ?? 0),
    formatRate((perSecond[`${name}.bytes`] ?? 0) * BITS, 'bit/s'),
    `${sum(drops)}`,
  ]);
  const header = ['', 'datagrams', 'bytes', 'rate', 'throughput', 'dropped'];
  return table([header, ...rows], { align: ['left', 'right', 'right', 'right', 'right', 'right'] });
}

/** Returns one line for each drop reason that has a count, or no line if there are no drops. */
export function dropLines(drops: Readonly<Record<string, DirectionFigures['drops']>>): string[] {
  const rows = Object.entries(drops).flatMap(([name, byReason]) =>
    Object.entries(byReason).map(([reason, count]) => [name, reason, `${count ?? 0}`]),
  );
  return rows.length === 0
    ? []
    : ['dropped:', ...table(rows, { align: ['left', 'left', 'right'] }).map((line) => `  ${line}`)];
}

const sum = (drops: DirectionFigures['drops']): number =>
  Object.values(drops).reduce<number>((total, count) => total + (count ?? 0), 0);
