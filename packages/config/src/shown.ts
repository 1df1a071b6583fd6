/** Shown in place of a secret. */
export const HIDDEN = '(hidden)';

const SHOWN_LENGTH = 80;
// Control characters, line separators, lone surrogates and invisible marks, such as those that
// change the direction of text.
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A value on one line: JSON, shortened, with characters that could disturb a terminal escaped. */
export function shown(value: unknown): string {
  const json = stringify(value) ?? typeof value;
  return shortened(json);
}

/** The beginning of a text, with characters that could disturb a terminal escaped. */
export function shortened(text: string): string {
  return escaped(text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`);
}

/** A text with characters that could disturb a terminal escaped. */
export function escaped(text: string): string {
  return text.replaceAll(UNSHOWABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
  });
}

/** `undefined` for values that JSON cannot hold: cycles, functions, `undefined`. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, part: unknown) => (isNumberBeyondJson(part) ? String(part) : part));
  } catch {
    return undefined;
  }
}

function isNumberBeyondJson(value: unknown): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value));
}
