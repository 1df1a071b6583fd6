// Control sequences for a terminal. ECMA-48 where not noted; the private modes are xterm's
// (ctlseqs), synchronised output is
// https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036. Terminals ignore modes
// that they do not know.

/** Alternate screen, cleared; cursor hidden; lines that are too long do not wrap. */
export const ENTER_SCREEN = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J';

/**
 * Ends a synchronised update that was cut short, resets colours, and undoes {@link ENTER_SCREEN}.
 */
export const LEAVE_SCREEN = '\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l';

/** The terminal shows what is between these two at once. */
export const BEGIN_UPDATE = '\x1b[?2026h';
export const END_UPDATE = '\x1b[?2026l';

export const CLEAR_SCREEN = '\x1b[2J';
export const ERASE_LINE_END = '\x1b[0m\x1b[K';

/** Moves to the first column of a row; the first row is 0. */
export function toRow(row: number): string {
  return `\x1b[${row + 1};1H`;
}

/** Select Graphic Rendition by the style of a line. */
export const STYLES = {
  bold: '\x1b[1m',
  dim: '\x1b[2m',
  reverse: '\x1b[7m',
  warning: '\x1b[33m',
  error: '\x1b[31m',
} as const;
