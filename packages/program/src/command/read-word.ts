import { Refusal, type Option } from '@relay/config';
import { EXIT, ProgramFailure } from '../exit-code.js';

/**
 * Returns the value of a word that was given. Throws a ProgramFailure if its format does not accept
 * it.
 */
export function readWord<T>(name: string, option: Option<T>, given: unknown): T {
  // One value stands for a list of one.
  const raw = option.definition.array === true && !Array.isArray(given) ? [given] : given;
  const value = option.parse(typeof raw === 'number' ? String(raw) : raw, 'text');
  if (!(value instanceof Refusal)) return value;
  const [flaw] = value.flaws;
  const suggestion = flaw?.suggestion === undefined ? '' : `; did you mean ${flaw.suggestion}?`;
  const at = flaw?.path[0];
  const wrong: unknown = Array.isArray(raw) && typeof at === 'number' ? raw[at] : given;
  throw new ProgramFailure(
    EXIT.usage,
    `${name.toUpperCase()}: expected ${flaw?.expected ?? option.format.expected}, not ${JSON.stringify(wrong)}${suggestion}`,
  );
}
