import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { DocumentPath, LocatedDocument } from '../document/document.js';
import { DocumentError } from '../document/document.js';
import { readJson } from '../document/json.js';
import { readToml } from '../document/toml.js';
import { readYaml } from '../document/yaml.js';
import type { Problem } from '../problem.js';
import { unknownKey, unreadable, wrongValue, shown } from '../problem.js';
import type { OptionTree, Schema, SchemaOption } from '../schema.js';
import { Option } from '../schema.js';
import { suggestionFor } from '../suggestion.js';
import type { Setting } from './setting.js';

// Far above any configuration; a wrong path to a large file must not fill the memory.
const MAX_FILE_BYTES = 4 * 1024 * 1024;

const READERS: Readonly<Record<string, (text: string) => LocatedDocument>> = {
  '.toml': readToml,
  '.yaml': readYaml,
  '.yml': readYaml,
  '.json': readJson,
};

/** What a TOML, YAML or JSON file gives. */
export function readFile(schema: Schema<unknown>, file: string): { settings: Setting[]; problems: Problem[] } {
  const reader = READERS[extname(file).toLowerCase()];
  if (reader === undefined) return failed(file, 'a name that ends in .toml, .yaml, .yml or .json');
  let document: LocatedDocument;
  try {
    document = reader(contents(file));
  } catch (error) {
    if (!(error instanceof DocumentError)) return failed(file, 'a file that can be read', reasonOf(error));
    const at = error.position === undefined ? file : `${file}:${error.position.line}:${error.position.column}`;
    return failed(at, 'a well-formed file', error.message);
  }
  return new FileReader(schema, file, document).read();
}

class FileReader {
  readonly #settings: Setting[] = [];
  readonly #problems: Problem[] = [];
  readonly #schema: Schema<unknown>;
  readonly #file: string;
  readonly #document: LocatedDocument;

  constructor(schema: Schema<unknown>, file: string, document: LocatedDocument) {
    this.#schema = schema;
    this.#file = file;
    this.#document = document;
  }

  read(): { settings: Setting[]; problems: Problem[] } {
    const top = this.#document.value ?? {};
    if (isTable(top)) this.#readTable(top, this.#schema.tree, []);
    else this.#problems.push(unreadable(this.#file, 'a table of options', 'expected a table of options'));
    return { settings: this.#settings, problems: this.#problems };
  }

  #readTable(table: object, tree: OptionTree, path: readonly string[]): void {
    for (const [name, raw] of Object.entries(table) as [string, unknown][]) {
      const here = [...path, name];
      const node = Object.hasOwn(tree, name) ? tree[name] : undefined;
      if (node instanceof Option) this.#readOption(here, raw);
      else if (node === undefined) this.#refuseKey(here, tree);
      else if (isTable(raw)) this.#readTable(raw, node, here);
      else {
        const at = { key: here.join('.'), source: this.#place(here), value: shown(raw) };
        this.#problems.push(wrongValue({ ...at, expected: `a table with ${Object.keys(node).join(', ')}` }));
      }
    }
  }

  #readOption(path: readonly string[], raw: unknown): void {
    const key = path.join('.');
    const option = this.#schema.options.find((candidate) => candidate.key === key);
    if (option === undefined) return;
    if (!option.inFile) {
      const at = { key, source: this.#placeOfKey(path), expected: 'keys that files may have', suggestion: undefined };
      this.#problems.push({
        ...unknownKey(at),
        message: `${at.source}: ${key} cannot be given in a file${elsewhere(option)}`,
      });
      return;
    }
    this.#settings.push({
      option,
      raw,
      form: 'data',
      origin: 'file',
      sourceOf: (flaw) => {
        const inner = [...path, ...(flaw?.path ?? [])];
        return flaw?.unknownKey === true ? this.#placeOfKey(inner) : this.#place(inner);
      },
    });
  }

  #refuseKey(path: readonly string[], tree: OptionTree): void {
    const name = path.at(-1) ?? '';
    const parents = path.slice(0, -1);
    const near = suggestionFor(name, Object.keys(tree));
    const suggestion = near === undefined ? this.#elsewhere(name) : [...parents, near].join('.');
    const expected = `one of ${Object.keys(tree).join(', ')}`;
    this.#problems.push(unknownKey({ key: path.join('.'), source: this.#placeOfKey(path), expected, suggestion }));
  }

  /** A key that is right but stands in the wrong table. */
  #elsewhere(name: string): string | undefined {
    return this.#schema.options.find((option) => option.path.at(-1) === name)?.key;
  }

  #place(path: DocumentPath): string {
    const at = this.#document.places.valueOf(path);
    return at === undefined ? this.#file : `${this.#file}:${at.line}:${at.column}`;
  }

  #placeOfKey(path: DocumentPath): string {
    const at = this.#document.places.keyOf(path);
    return at === undefined ? this.#file : `${this.#file}:${at.line}:${at.column}`;
  }
}

function contents(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.length > MAX_FILE_BYTES) throw new DocumentError('is larger than 4 MiB');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DocumentError('is not UTF-8 text');
  }
}

function failed(
  source: string,
  expected: string,
  reason = `expected ${expected}`,
): { settings: Setting[]; problems: Problem[] } {
  return { settings: [], problems: [unreadable(source, expected, reason)] };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is no directory',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return `cannot be read: ${REASONS[code] ?? code}`;
}

function elsewhere({ flag, environment }: SchemaOption): string {
  const ways = [...(flag === undefined ? [] : [`--${flag}`]), ...(environment === undefined ? [] : [environment])];
  return ways.length === 0 ? '' : `: use ${ways.join(' or ')}`;
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
