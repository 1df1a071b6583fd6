import { parse } from 'smol-toml';
import type { DocumentPath } from './document.js';
import { Lines, Places } from './document.js';

const BLANK = /[ \t]*/y;
const BLANK_LINES = /(?:[ \t\r\n]|#[^\n]*)*/y;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
// Three quotes begin a text of several lines, which may end in up to five of them.
const STRING = /"""(?:[^\\]|\\[^])*?"{3,5}|'''[^]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const BARE_VALUE = /[^,\]}#\r\n]+/y;

interface KeyPart {
  readonly name: string;
  readonly offset: number;
}

/**
 * Where the parts of a TOML document stand. The text must be valid TOML: it is walked, not checked.
 */
export function locateToml(text: string): Places {
  return new TomlWalk(text).walk();
}

class TomlWalk {
  readonly #text: string;
  readonly #lines: Lines;
  readonly #places = new Places();
  /** How many `[[tables]]` each array has so far, by its path. */
  readonly #lengths = new Map<string, number>();
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
    this.#lines = new Lines(text);
  }

  walk(): Places {
    if (this.#text.startsWith('\ufeff')) this.#offset = 1;
    let table: DocumentPath = [];
    this.#places.note([], { line: 1, column: 1 });
    for (this.#match(BLANK_LINES); this.#offset < this.#text.length; this.#match(BLANK_LINES)) {
      if (this.#text[this.#offset] === '[') table = this.#header();
      else this.#pair(table);
    }
    return this.#places;
  }

  /** `[a.b]` or `[[a.b]]`: the path of the table that it begins. */
  #header(): DocumentPath {
    const isElement = this.#text.startsWith('[[', this.#offset);
    const begin = this.#offset;
    this.#offset += isElement ? 2 : 1;
    const parts = this.#key();
    this.#offset += isElement ? 2 : 1;
    let path: DocumentPath = [];
    parts.forEach((part, index) => {
      path = [...path, part.name];
      const isLast = index === parts.length - 1;
      this.#noteTable(path, part.offset, isLast && !isElement ? begin : part.offset);
      const name = JSON.stringify(path);
      if (isLast && isElement) this.#lengths.set(name, (this.#lengths.get(name) ?? 0) + 1);
      const length = this.#lengths.get(name);
      if (length !== undefined) path = [...path, length - 1];
    });
    if (isElement) this.#places.note(path, this.#lines.at(begin));
    return path;
  }

  /** `a.b = value` */
  #pair(table: DocumentPath): void {
    const parts = this.#key();
    this.#offset++;
    this.#match(BLANK_LINES);
    let path = table;
    parts.forEach((part, index) => {
      path = [...path, part.name];
      if (index < parts.length - 1) this.#noteTable(path, part.offset, part.offset);
    });
    this.#value(path, parts.at(-1)?.offset);
  }

  /** The first mention of a table is its place. */
  #noteTable(path: DocumentPath, keyOffset: number, offset: number): void {
    if (this.#places.has(path)) return;
    this.#places.note(path, this.#lines.at(offset), this.#lines.at(keyOffset));
  }

  #value(path: DocumentPath, keyOffset?: number): void {
    const key = keyOffset === undefined ? undefined : this.#lines.at(keyOffset);
    this.#places.note(path, this.#lines.at(this.#offset), key);
    const mark = this.#text[this.#offset];
    if (mark === '[') this.#elements(']', (index) => this.#value([...path, index]));
    else if (mark === '{') this.#elements('}', () => this.#pair(path));
    else if (this.#match(STRING) === '') this.#match(BARE_VALUE);
  }

  #elements(end: string, element: (index: number) => void): void {
    this.#offset++;
    for (let index = 0; ; index++) {
      this.#match(BLANK_LINES);
      if (this.#text[this.#offset] === ',') this.#offset++;
      this.#match(BLANK_LINES);
      if (this.#offset >= this.#text.length || this.#text[this.#offset] === end) break;
      element(index);
    }
    this.#offset++;
  }

  #key(): KeyPart[] {
    const parts: KeyPart[] = [];
    do {
      this.#match(BLANK);
      const offset = this.#offset;
      const quoted = this.#match(STRING);
      const name = quoted === '' ? this.#match(BARE_KEY) : nameOf(quoted);
      parts.push({ name, offset });
      this.#match(BLANK);
    } while (this.#take('.'));
    return parts;
  }

  #take(mark: string): boolean {
    if (this.#text[this.#offset] !== mark) return false;
    this.#offset++;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#offset;
    const [matched = ''] = pattern.exec(this.#text) ?? [];
    this.#offset += matched.length;
    return matched;
  }
}

/** The key that a quoted key is: escapes are those of TOML. */
function nameOf(quoted: string): string {
  const [name = ''] = Object.keys(parse(`${quoted} = 0`));
  return name;
}
