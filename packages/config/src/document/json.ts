import type { LocatedDocument } from './document.js';
import { DocumentError, Places } from './document.js';

/** Reads JSON (RFC 8259). */
export function readJson(text: string): LocatedDocument {
  try {
    return { value: JSON.parse(text) as unknown, places: new Places() };
  } catch {
    throw new DocumentError('is no JSON');
  }
}
