import type { ScreenLine } from '@relay/terminal';

/** The parts of a program's screen, from top to bottom. */
export interface ScreenParts {
  readonly upper: readonly ScreenLine[];
  /** The newest lines of the log, the newest last. */
  readonly log: readonly string[];
  /** The last line: which keys do what. */
  readonly keys: string;
}

/** How many lines of the log are kept on a screen whose upper part is too long. */
const LEAST_LOG_LINES = 3;
/** The empty line and the heading above the log. */
const LOG_HEAD = 2;
/** A screen with fewer rows shows no log if its upper part is too long. */
const LEAST_ROWS_FOR_LOG = 12;

/** Lines of a screen, and how far its upper part can be scrolled. */
export interface ScreenPage {
  readonly lines: readonly ScreenLine[];
  /** The offset that was shown: the wanted one, within its bounds. */
  readonly offset: number;
  /** How many lines of the upper part are shown at a time. */
  readonly pageRows: number;
}

/**
 * Lays out a screen with this many rows. The figures come first, so they are always seen; an upper
 * part that is too long is shown from line `offset`, and a line says how much is hidden.
 */
export function screenPage({ upper, log, keys }: ScreenParts, rows: number, offset: number): ScreenPage {
  const body = Math.max(1, rows - 1);
  const isWhole = upper.length <= body;
  const spared = isWhole || log.length === 0 || rows < LEAST_ROWS_FOR_LOG ? 0 : LEAST_LOG_LINES + LOG_HEAD;
  const room = body - spared;
  const isCut = upper.length > room;
  const pageRows = isCut ? Math.max(1, room - 1) : upper.length;
  const first = Math.max(0, Math.min(offset, upper.length - pageRows));
  const shown = upper.slice(first, first + pageRows);
  const above = isCut ? [...shown, hiddenLine(first, upper.length - first - pageRows)] : shown;
  const logRows = body - above.length - LOG_HEAD;
  const below: ScreenLine[] =
    log.length === 0 || logRows < 1 ? [] : ['', { text: 'log', style: 'bold' }, ...log.slice(-logRows)];
  const filling = Array<string>(Math.max(0, body - above.length - below.length)).fill('');
  return { lines: [...above, ...below, ...filling, { text: keys, style: 'dim' }], offset: first, pageRows };
}

function hiddenLine(before: number, after: number): ScreenLine {
  const parts = [...(before > 0 ? [`${before} more above`] : []), ...(after > 0 ? [`${after} more below`] : [])];
  return { text: `… ${parts.join(', ')}`, style: 'dim' };
}
