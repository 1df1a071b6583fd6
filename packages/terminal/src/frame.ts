import { BEGIN_UPDATE, CLEAR_SCREEN, END_UPDATE, ERASE_LINE_END, STYLES, toRow } from './sequences.js';
import { fitWidth, plainText } from './text.js';

/** How much fits on the screen; `rows` is `Infinity` where the output is no terminal. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * One line of a screen: text, or text in a style. The text is made plain and cut to the screen's
 * width.
 */
export type ScreenLine = string | { readonly text: string; readonly style: keyof typeof STYLES };

/** The lines that the terminal shows, and the shortest output that changes them. */
export class Frame {
  #shown: string[] = [];
  #isCleared = false;

  /** Forgets what is shown: the next update clears the screen and draws all of it. */
  forget(): void {
    this.#shown = [];
    this.#isCleared = false;
  }

  /**
   * The sequences that change the lines that differ, as one synchronised update; empty where none
   * does.
   */
  update(lines: readonly ScreenLine[], { columns, rows }: ScreenSize): string {
    const wanted = lines.slice(0, rows).map((line) => drawn(line, columns));
    let changes = this.#isCleared ? '' : CLEAR_SCREEN;
    for (let row = 0; row < Math.max(wanted.length, this.#shown.length); row++) {
      const line = wanted[row] ?? '';
      if (line !== (this.#shown[row] ?? '')) changes += toRow(row) + line + ERASE_LINE_END;
    }
    this.#shown = wanted;
    this.#isCleared = true;
    return changes === '' ? '' : BEGIN_UPDATE + changes + END_UPDATE;
  }
}

/** The line's text as it is shown without styles. */
export function lineText(line: ScreenLine, columns: number): string {
  return fitWidth(plainText(typeof line === 'string' ? line : line.text), columns);
}

function drawn(line: ScreenLine, columns: number): string {
  const text = lineText(line, columns);
  return typeof line === 'string' || text === '' ? text : STYLES[line.style] + text;
}
