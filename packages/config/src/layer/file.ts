import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import type { DocumentPath, LocatedDocument, Position } from '../document/document.js';
import { DocumentError, isTable } from '../document/document.js';
import { readJson } from '../document/json.js';
import { readToml } from '../document/toml.js';
import { readYaml } from '../document/yaml.js';
import type { Problem, Source } from '../problem.js';
import { unknownKey, unreadable, wrongValue } from '../problem.js';
import type { OptionTree, Schema, PlacedOption } from '../schema.js';
import { Option } from '../schema.js';
import { escaped, HIDDEN, shown } from '../shown.js';
import { suggestionFor } from '../suggestion.js';
import type { Layer, Setting } from './setting.js';

// Far above any configuration; a wrong path to a large file must not fill the memory.
const MAX_FILE_BYTES = 1024 * 1024;

const READERS: ReadonlyMap<string, (text: string) => LocatedDocument> = new Map([
  ['.toml', readToml],
  ['.yaml', readYaml],
  ['.yml', readYaml],
  ['.json', readJson],
]);

/** The settings in a TOML, YAML or JSON file. */
export function readFile(schema: Schema<unknown>, file: string): Layer {
  const reader = READERS.get(extname(file).toLowerCase());
  if (reader === undefined) return failed(file, 'expected a name that ends in .toml, .yaml, .yml or .json');
  try {
    return new FileLayer(schema, file, reader(contents(file))).read();
  } catch (error) {
    if (error instanceof DocumentError) return failed(file, error.message, error.position);
    if (isSystemError(error)) return failed(file, `cannot be read: ${REASONS.get(error.code) ?? error.code}`);
    throw error;
  }
}

class FileLayer {
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

  read(): Layer {
    const top = this.#document.value ?? {};
    if (!isTable(top)) return failed(this.#file, 'expected a table of options at the top');
    this.#readTable(top, this.#schema.tree, []);
    return { settings: this.#settings, problems: this.#problems };
  }

  #readTable(table: Record<string, unknown>, tree: OptionTree, path: readonly string[]): void {
    for (const [name, raw] of Object.entries(table)) {
      const here = [...path, name];
      const node = Object.hasOwn(tree, name) ? tree[name] : undefined;
      if (node === undefined) this.#refuseKey(here, tree);
      else if (node instanceof Option) this.#readOption(here, raw);
      else if (isTable(raw)) this.#readTable(raw, node, here);
      else this.#refuseGroup(here, node, raw);
    }
  }

  #readOption(path: readonly string[], raw: unknown): void {
    const key = path.join('.');
    const placed = this.#schema.options.find((candidate) => candidate.key === key);
    if (placed?.inFile === true) {
      const sourceOf: Setting['sourceOf'] = (flaw) => {
        const inner = [...path, ...(flaw?.path ?? [])];
        return flaw?.unknownKey === true ? this.#keySource(inner) : this.#valueSource(inner);
      };
      this.#settings.push({ placed, raw, form: 'data', origin: 'file', sourceOf });
    } else if (placed !== undefined) {
      const expected = elsewhere(placed);
      const reason = `${key} cannot be given in a file: give ${expected}`;
      this.#problems.push(unknownKey({ key, source: this.#keySource(path), expected, reason }));
    }
  }

  #refuseKey(path: readonly string[], tree: OptionTree): void {
    const name = path.at(-1) ?? '';
    const near = suggestionFor(name, Object.keys(tree));
    const suggestion = near === undefined ? this.#sameName(name) : [...path.slice(0, -1), near].join('.');
    const expected = `one of ${Object.keys(tree).join(', ')}`;
    this.#problems.push(unknownKey({ key: path.join('.'), source: this.#keySource(path), expected, suggestion }));
  }

  #refuseGroup(path: readonly string[], tree: OptionTree, raw: unknown): void {
    const key = path.join('.');
    const isSecret = this.#schema.options.some((placed) => placed.option.isSecret && placed.key.startsWith(`${key}.`));
    const expected = `a table with ${Object.keys(tree).join(', ')}`;
    const value = isSecret ? HIDDEN : shown(raw);
    this.#problems.push(wrongValue({ key, source: this.#valueSource(path), value, expected }));
  }

  /** An option of that name in another table. */
  #sameName(name: string): string | undefined {
    return this.#schema.options.find((placed) => placed.path.at(-1) === name)?.key;
  }

  #valueSource(path: DocumentPath): Source {
    return fileSource(this.#file, this.#document.places.valueOf(path));
  }

  #keySource(path: DocumentPath): Source {
    return fileSource(this.#file, this.#document.places.keyOf(path));
  }
}

function contents(file: string): string {
  // To read a pipe would wait for whoever writes it.
  const stats = statSync(file);
  if (!stats.isFile() && !stats.isDirectory()) throw new DocumentError('cannot be read: it is not a file');
  const bytes = readFileSync(file);
  if (bytes.length > MAX_FILE_BYTES) throw new DocumentError('is larger than 1 MiB');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new DocumentError('is no UTF-8 text');
  }
}

function failed(file: string, reason: string, position?: Position): Layer {
  const expected = 'a TOML, YAML or JSON file of options';
  return { settings: [], problems: [unreadable(fileSource(file, position), reason, expected)] };
}

function fileSource(file: string, position: Position | undefined): Source {
  const name = file === '' ? '""' : escaped(file);
  return position === undefined ? { text: name } : { text: `${name}:${position.line}:${position.column}`, position };
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file'],
  ['EACCES', 'permission denied'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'a part of its path is no directory'],
]);

function isSystemError(error: unknown): error is { readonly code: string } {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error;
}

function elsewhere({ flag, environment }: PlacedOption): string {
  return [...(flag === undefined ? [] : [`--${flag}`]), ...(environment === undefined ? [] : [environment])].join(
    ' or ',
  );
}
