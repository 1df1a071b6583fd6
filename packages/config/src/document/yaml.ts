import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Node, Scalar } from 'yaml';
import type { DocumentPath, LocatedDocument, Position } from './document.js';
import { DocumentError, MAX_DEPTH, Places } from './document.js';

// Larger than any configuration; bounds what aliases can multiply.
const MAX_NODES = 20_000;

/** Reads YAML 1.2 (core schema). One document; keys are texts; duplicate keys are refused; no tags of other schemas, no merge keys. */
export function readYaml(text: string): LocatedDocument {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    merge: false,
    version: '1.2',
    schema: 'core',
  });
  const at = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined)
    throw new DocumentError(`is no YAML: ${REASONS[error.code] ?? 'malformed'}`, at(error.pos[0]));

  const places = new Places();
  let nodes = 0;
  const read = (node: unknown, path: DocumentPath, key?: Position): unknown => {
    const begin = positionOf(node, at);
    const resolved = isAlias(node) ? node.resolve(document) : node;
    if (isAlias(node) && resolved === undefined) throw new DocumentError('has an alias without its anchor', begin);
    if (path.length > MAX_DEPTH || ++nodes > MAX_NODES)
      throw new DocumentError('is nested too deeply or too large', begin);
    if (begin !== undefined) places.note(path, begin, key);
    else if (key !== undefined) places.note(path, key, key);
    if (isMap(resolved)) {
      const table = Object.create(null) as Record<string, unknown>;
      for (const { key, value } of resolved.items) {
        const keyAt = positionOf(key, at);
        if (!isScalar(key) || typeof key.value !== 'string')
          throw new DocumentError('has a key that is no text', keyAt ?? begin);
        table[key.value] = read(value, [...path, key.value], keyAt);
      }
      return table;
    }
    if (isSeq(resolved)) return resolved.items.map((item, index) => read(item, [...path, index]));
    return isScalar(resolved) ? scalar(resolved) : null;
  };
  return { value: read(document.contents, []), places };
}

// Readers of YAML disagree on `010`, `0o17` and `1_000`: what JSON does not call a number stays a text.
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function scalar({ value, source }: Scalar): unknown {
  return typeof value === 'number' && source !== undefined && !JSON_NUMBER.test(source) ? source : value;
}

// The library's own messages quote the text.
const REASONS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'a key is given twice',
  MULTIPLE_DOCS: 'more than one document',
  TAB_AS_INDENT: 'tabs cannot indent',
  BAD_INDENT: 'wrong indentation, or a bracket that is not closed',
  MISSING_CHAR: 'a closing quote, bracket or a blank is missing',
  TAG_RESOLVE_FAILED: 'a tag that is not known',
};

function positionOf(node: unknown, at: (offset: number) => Position): Position | undefined {
  const range = isNode(node) ? (node as Node).range : undefined;
  return range ? at(range[0]) : undefined;
}
