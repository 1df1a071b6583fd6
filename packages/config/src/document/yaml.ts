import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Scalar, YAMLMap } from 'yaml';
import type { DocumentPath, LocatedDocument, Position } from './document.js';
import { DocumentError, MAX_DEPTH, Places } from './document.js';

// Larger than any configuration; bounds what aliases can multiply.
const MAX_NODES = 20_000;

// Readers of YAML disagree on `010`, `0o17` and `1_000`: what JSON does not call a number stays a
// text.
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

// The library's own messages quote the text.
const REASONS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'a key is given twice',
  MULTIPLE_DOCS: 'more than one document',
  TAB_AS_INDENT: 'tabs cannot indent',
  BAD_INDENT: 'wrong indentation, or a bracket that is not closed',
  MISSING_CHAR: 'a closing quote, bracket or a blank is missing',
  TAG_RESOLVE_FAILED: 'a tag that is not known',
};

/**
 * Reads YAML 1.2, core schema. Stricter than that: one document, keys are texts and come once, no
 * tags of other schemas, no merge keys.
 */
export function readYaml(text: string): LocatedDocument {
  return new YamlReader(text).read();
}

class YamlReader {
  readonly #lines = new LineCounter();
  readonly #places = new Places();
  readonly #document: Document;
  #nodes = 0;

  constructor(text: string) {
    const options = { prettyErrors: false, merge: false, version: '1.2', schema: 'core' } as const;
    this.#document = parseDocument(text, { ...options, lineCounter: this.#lines });
  }

  read(): LocatedDocument {
    const [error] = [...this.#document.errors, ...this.#document.warnings];
    if (error !== undefined) {
      throw new DocumentError(`is not valid YAML: ${REASONS[error.code] ?? 'malformed'}`, this.#at(error.pos[0]));
    }
    return { value: this.#value(this.#document.contents, []), places: this.#places };
  }

  #value(node: unknown, path: DocumentPath, key?: Position): unknown {
    const begin = this.#positionOf(node) ?? key;
    if (path.length > MAX_DEPTH || ++this.#nodes > MAX_NODES) {
      throw new DocumentError('is nested too deeply or too large', begin);
    }
    if (begin !== undefined) this.#places.note(path, begin, key);
    const resolved = isAlias(node) ? node.resolve(this.#document) : node;
    if (isAlias(node) && resolved === undefined) throw new DocumentError('has an alias without its anchor', begin);
    if (isMap(resolved)) return this.#table(resolved, path);
    if (isSeq(resolved)) return resolved.items.map((item, index) => this.#value(item, [...path, index]));
    return isScalar(resolved) ? scalar(resolved) : null;
  }

  #table({ items }: YAMLMap, path: DocumentPath): unknown {
    const table = Object.create(null) as Record<string, unknown>;
    for (const { key, value } of items) {
      const position = this.#positionOf(key);
      if (!isScalar(key) || typeof key.value !== 'string') {
        throw new DocumentError('has a key that is no text', position);
      }
      table[key.value] = this.#value(value, [...path, key.value], position);
    }
    return table;
  }

  #positionOf(node: unknown): Position | undefined {
    const [begin] = (isNode(node) ? node.range : undefined) ?? [];
    return begin === undefined ? undefined : this.#at(begin);
  }

  #at(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function scalar({ value, source }: Scalar): unknown {
  return typeof value === 'number' && source !== undefined && !JSON_NUMBER.test(source) ? source : value;
}
