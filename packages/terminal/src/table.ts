import { displayWidth, padWidth, plainText } from './text.js';

/** How a table is laid out. */
export interface TableOptions {
  /** By column, `left` where missing. */
  readonly align?: readonly ('left' | 'right')[];
}

/**
 * Lines with the rows' cells in columns, two spaces apart. Cells are made plain; rows may have
 * fewer cells than others.
 */
export function table(rows: readonly (readonly string[])[], { align = [] }: TableOptions = {}): string[] {
  const cells = rows.map((row) => row.map(plainText));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
  }
  return cells.map((row) =>
    row
      .map((cell, column) => padWidth(cell, widths[column] ?? 0, align[column]))
      .join('  ')
      .trimEnd(),
  );
}
