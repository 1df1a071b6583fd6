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
    const [line = ''] = error.message.split('\n');
    const reason = isUnclosed(text, error) ? 'a quote is not closed' : line.replace(/^Invalid TOML document: /, '');
    throw new DocumentError(`is not valid TOML: ${reason}`, {
      line: error.line,
      column: error.column,
    });
  }
}

/** Whether the quote of a text is missing: its line ends, or the file does. */
function isUnclosed(text: string, { line, column, message }: TomlError): boolean {
  if (message.includes('unfinished string')) return true;
  const rest = text.split('\n')[line - 1]?.slice(column - 1);
  return message.includes('control characters') && (rest === '' || rest === '\r');
}
