import { parse, TomlError } from 'smol-toml';
import type { LocatedDocument } from './document.js';
import { DocumentError, MAX_DEPTH } from './document.js';
import { locateToml } from './toml-places.js';

/** Reads TOML 1.0. */
export function readToml(text: string): LocatedDocument {
  try {
    return { value: parse(text, { maxDepth: MAX_DEPTH }), places: locateToml(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Its first line names the fault; those after it quote the text.
    const [reason = ''] = error.message.split('\n');
    throw new DocumentError(reason.replace('Invalid TOML document:', 'is no TOML:'), {
      line: error.line,
      column: error.column,
    });
  }
}
