import { replaceFile } from './atomic-file.js';
import { readIfThere } from './state-folder.js';

/**
 * Takes the name and the error of work that cannot be done now; it is tried again later, or at once
 * where the answer is `again`.
 */
export type FileTrouble = (what: string, error: unknown) => 'again' | undefined;

/** What a {@link LineFile} keeps. */
export interface LineFileOptions {
  readonly path: string;
  /** What it keeps, in words for the log, such as `the proven addresses of clients`. */
  readonly what: string;
  readonly trouble: FileTrouble;
  /** In ms: at least this long from one write to the next. */
  readonly writeEveryMs: number;
  /** All lines as they are now, without their ends. */
  readonly lines: () => readonly string[];
}

/** In ms: one write for all that happens in one turn. */
const AT_ONCE_MS = 0;

/**
 * A file of the state folder with a line for each thing, written again soon after each change. What
 * cannot be read or written is trouble, and the program goes on.
 */
export class LineFile {
  readonly #options: LineFileOptions;
  #isChanged = false;
  #write: NodeJS.Timeout | undefined;
  #writtenMs = -Infinity;

  constructor(options: LineFileOptions) {
    this.#options = options;
  }

  /**
   * Reads the file: `take` gets each line and returns whether it is right. A file that cannot be
   * read, and each line that is spoilt, is trouble.
   */
  read(take: (line: string) => boolean): void {
    const { path, what, trouble } = this.#options;
    let text: string;
    try {
      text = readIfThere(path) ?? '';
    } catch (error) {
      trouble(`cannot read ${what}`, error);
      return;
    }
    const lines = text.split('\n');
    let spoilt = lines.pop() === '' ? 0 : 1; // a last line without its end is cut
    for (const line of lines) if (!take(line)) spoilt++;
    if (spoilt > 0) trouble(`left out spoilt lines of ${what}`, `${spoilt} of ${path}`);
  }

  /** The lines have changed: written at once, or some time after the last write. */
  changed(): void {
    this.#isChanged = true;
    const waitMs = this.#writtenMs + this.#options.writeEveryMs - performance.now();
    this.#write ??= setTimeout(() => this.#writeAll(), Math.max(AT_ONCE_MS, waitMs));
  }

  /** Writes what is not written yet. */
  close(): void {
    clearTimeout(this.#write);
    if (this.#isChanged) this.#writeAll();
    clearTimeout(this.#write);
  }

  #writeAll(): void {
    const { path, what, trouble, lines } = this.#options;
    this.#write = undefined;
    this.#isChanged = false;
    this.#writtenMs = performance.now();
    try {
      replaceFile(
        path,
        lines()
          .map((line) => `${line}\n`)
          .join(''),
      );
    } catch (error) {
      if (trouble(`cannot write ${what}`, error) === 'again') this.#writeAll();
      else this.changed();
    }
  }
}
