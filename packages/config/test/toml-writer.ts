import fc from 'fast-check';
import { isTable } from '../src/document/document.js';
import type { DocumentPath } from '../src/document/document.js';

/** A TOML document, and where each of its parts was written: the oracle for places. */
export interface WrittenToml {
  readonly text: string;
  /** Offsets of key and value by path, as JSON. */
  readonly offsets: ReadonlyMap<string, { readonly key: number; readonly value: number }>;
}

type Pick = <T>(choices: fc.Arbitrary<T>) => T;

const blank = fc.constantFrom('', ' ', '\t ');
const lineEnd = fc.constantFrom('\n', '\r\n', ' # ]}"\n', '\n\n# [x]\n  ');
const coin = fc.boolean();

/** Writes data in all the ways that TOML has, chosen at random. */
export function writeToml(data: Record<string, unknown>, pick: Pick): WrittenToml {
  return new TomlWriter(pick).write(data);
}

class TomlWriter {
  readonly #pick: Pick;
  readonly #offsets = new Map<string, { key: number; value: number }>();
  #text = '';

  constructor(pick: Pick) {
    this.#pick = pick;
  }

  write(data: Record<string, unknown>): WrittenToml {
    this.#body(data, [], []);
    return { text: this.#text, offsets: this.#offsets };
  }

  /**
   * Pairs first, then what has headers of its own. `names` are the keys of `path`, as a header
   * spells them.
   */
  #body(table: Record<string, unknown>, path: DocumentPath, names: readonly string[]): void {
    const later: [string, unknown][] = [];
    for (const [name, value] of Object.entries(table)) {
      const canHaveHeader = isTable(value) || (Array.isArray(value) && value.length > 0 && value.every(isTable));
      if (canHaveHeader && this.#pick(coin)) later.push([name, value]);
      else {
        this.#pair([...path, name], name, value);
        this.#text += this.#pick(lineEnd);
      }
    }
    for (const [name, value] of later) {
      const elements: readonly Record<string, unknown>[] = Array.isArray(value)
        ? (value as Record<string, unknown>[])
        : [];
      elements.forEach((element, index) => {
        this.#header([...path, name], [...names, name], index);
        this.#body(element, [...path, name, index], [...names, name]);
      });
      if (!isTable(value)) continue;
      this.#header([...path, name], [...names, name], undefined);
      this.#body(value, [...path, name], [...names, name]);
    }
  }

  #header(path: DocumentPath, names: readonly string[], index: number | undefined): void {
    const begin = this.#text.length;
    this.#text += index === undefined ? '[' : '[[';
    names.forEach((name, depth) => {
      if (depth > 0) this.#text += `${this.#pick(blank)}.`;
      this.#text += this.#pick(blank);
      const isLast = depth === names.length - 1;
      if (isLast) this.#note(path, this.#text.length, index === undefined ? begin : this.#text.length);
      this.#text += this.#key(name);
    });
    if (index !== undefined) this.#note([...path, index], begin, begin);
    this.#text += (index === undefined ? ']' : ']]') + this.#pick(lineEnd);
  }

  #pair(path: DocumentPath, name: string, value: unknown): void {
    const keyOffset = this.#text.length;
    this.#text += this.#key(name) + this.#pick(blank);
    const [only, ...others] = isTable(value) ? Object.entries(value) : [];
    if (only !== undefined && others.length === 0 && this.#pick(coin)) {
      this.#note(path, keyOffset, keyOffset);
      this.#text += `.${this.#pick(blank)}`;
      this.#pair([...path, only[0]], only[0], only[1]);
      return;
    }
    this.#text += `=${this.#pick(blank)}`;
    this.#note(path, keyOffset, this.#text.length);
    this.#value(path, value);
  }

  #value(path: DocumentPath, value: unknown): void {
    if (Array.isArray(value)) {
      this.#text += '[';
      value.forEach((part, index) => {
        this.#text += this.#pick(fc.oneof(blank, lineEnd));
        this.#note([...path, index], this.#text.length, this.#text.length);
        this.#value([...path, index], part);
        if (index < value.length - 1 || this.#pick(coin)) this.#text += `${this.#pick(blank)},`;
      });
      this.#text += `${this.#pick(fc.oneof(blank, lineEnd))}]`;
    } else if (isTable(value)) {
      this.#text += '{';
      Object.entries(value).forEach(([name, part], index) => {
        this.#text += `${index > 0 ? ',' : ''}${this.#pick(blank)}`;
        this.#pair([...path, name], name, part);
      });
      this.#text += `${this.#pick(blank)}}`;
    } else this.#text += typeof value === 'string' ? this.#string(value) : String(value);
  }

  #key(name: string): string {
    if (/^[\w-]+$/.test(name) && this.#pick(coin)) return name;
    return !/['\p{Cc}]/u.test(name) && this.#pick(coin) ? `'${name}'` : basic(name);
  }

  #string(value: string): string {
    const isPlain = !/['\p{Cc}]/u.test(value);
    const styles = [
      basic(value),
      `"""\n${basic(value).slice(1, -1)}"""`,
      `"""\\\n   ${basic(`x${value}`).slice(2, -1)}"""`,
    ];
    return this.#pick(
      fc.constantFrom(
        ...styles.slice(0, value.startsWith(' ') ? 2 : 3),
        ...(isPlain ? [`'${value}'`, `'''${value}'''`] : []),
      ),
    );
  }

  /** Each part stands where it is first written. */
  #note(path: DocumentPath, key: number, value: number): void {
    const name = JSON.stringify(path);
    if (!this.#offsets.has(name)) this.#offsets.set(name, { key, value });
  }
}

/** Quotes and control characters as escapes; JSON's are TOML's, but for U+007F. */
function basic(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}
