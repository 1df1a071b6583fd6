import type { DocumentPath, LocatedDocument } from './document.js';
import { DocumentError, Lines, MAX_DEPTH, Places } from './document.js';

// RFC 8259: sections 2 (structure), 6 (numbers), 7 (strings).
const BLANK = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u{0}-\u{1f}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Reads JSON (RFC 8259). Stricter than `JSON.parse`: a key that is given twice is refused. */
export function readJson(text: string): LocatedDocument {
  return new JsonReader(text).read();
}

class JsonReader {
  readonly #text: string;
  readonly #lines: Lines;
  readonly #places = new Places();
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
    this.#lines = new Lines(text);
  }

  read(): LocatedDocument {
    const value = this.#value([]);
    this.#match(BLANK);
    if (this.#offset < this.#text.length) throw this.#error('nothing more');
    return { value, places: this.#places };
  }

  #value(path: DocumentPath, keyOffset?: number): unknown {
    this.#match(BLANK);
    if (path.length > MAX_DEPTH) throw new DocumentError('is nested too deeply', this.#lines.at(this.#offset));
    const key = keyOffset === undefined ? undefined : this.#lines.at(keyOffset);
    this.#places.note(path, this.#lines.at(this.#offset), key);
    switch (this.#text.charAt(this.#offset)) {
      case '{':
        return this.#table(path);
      case '[':
        return this.#array(path);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #table(path: DocumentPath): unknown {
    const table = Object.create(null) as Record<string, unknown>;
    this.#offset++;
    if (this.#take('}')) return table;
    do {
      this.#match(BLANK);
      const keyOffset = this.#offset;
      if (this.#text[keyOffset] !== '"') throw this.#error('a key in double quotes');
      const key = this.#string();
      if (Object.hasOwn(table, key)) throw new DocumentError('has a key twice', this.#lines.at(keyOffset));
      if (!this.#take(':')) throw this.#error('a colon');
      table[key] = this.#value([...path, key], keyOffset);
    } while (this.#take(','));
    if (!this.#take('}')) throw this.#error('a comma or }');
    return table;
  }

  #array(path: DocumentPath): unknown {
    const array: unknown[] = [];
    this.#offset++;
    if (this.#take(']')) return array;
    do array.push(this.#value([...path, array.length]));
    while (this.#take(','));
    if (!this.#take(']')) throw this.#error('a comma or ]');
    return array;
  }

  #string(): string {
    const literal = this.#match(STRING);
    if (literal === '') throw this.#error('a text that ends on its line, with valid escapes');
    return JSON.parse(literal) as string;
  }

  #scalar(): unknown {
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#offset)) continue;
      this.#offset += word.length;
      return value;
    }
    const digits = this.#match(NUMBER);
    if (digits === '') throw this.#error('a value');
    return Number(digits);
  }

  /** The mark, after blanks. */
  #take(mark: string): boolean {
    this.#match(BLANK);
    if (this.#text[this.#offset] !== mark) return false;
    this.#offset++;
    return true;
  }

  /** The text that a sticky pattern matches here; nothing if it does not match. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#offset;
    const [matched = ''] = pattern.exec(this.#text) ?? [];
    this.#offset += matched.length;
    return matched;
  }

  #error(expected: string): DocumentError {
    return new DocumentError(`is not valid JSON: expected ${expected}`, this.#lines.at(this.#offset));
  }
}
