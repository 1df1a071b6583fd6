import { parse, TomlError } from 'smol-toml';
import type { LocatedDocument } from './document.js';
import { DocumentError, Places } from './document.js';

/** Reads TOML 1.0. */
export function readToml(text: string): LocatedDocument {
  try {
    return { value: parse(text), places: new Places() };
  } catch (error) {
    if (error instanceof TomlError) throw new DocumentError('is no TOML', { line: error.line, column: error.column });
    throw error;
  }
}
