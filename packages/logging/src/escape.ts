// Everything but printable ASCII has to be looked at; most texts stop here.
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

// Control characters (Cc), format characters with the bidirectional and invisible ones (Cf), line
// and paragraph separators (Zl, Zp), lone surrogates (Cs) and private characters (Co). See Unicode
// UAX #44, table 12, and UTR #36 for why.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * The longest text that {@link escapeUntrusted} passes on whole unless told otherwise, in UTF-16
 * code units.
 */
export const DEFAULT_MAX_LENGTH = 2048;

/**
 * Makes text that came from outside safe to show on a terminal and on one line of a log: control
 * characters, ANSI escapes, newlines, bidirectional controls and invisible characters become
 * visible escapes (`\n`, `\x1b`, `\u202e`), and a text longer than `maxLength` UTF-16 code units is
 * cut, with the number of those left out at its end. Escaping twice changes nothing more.
 */
export function escapeUntrusted(text: string, maxLength = DEFAULT_MAX_LENGTH): string {
  return escapeHead(text, maxLength, text.length);
}

/**
 * The same for the head of a text of which only the head was read; `length` is that of the whole
 * text.
 */
export function escapeHead(head: string, maxLength: number, length: number): string {
  if (length <= maxLength && head.length <= maxLength) {
    return PRINTABLE_ASCII.test(head) ? head : head.replace(UNSAFE, escapeCharacter);
  }
  const cut = isHighSurrogate(head.charCodeAt(maxLength - 1)) ? maxLength - 1 : maxLength;
  return `${head.slice(0, cut).replace(UNSAFE, escapeCharacter)}…(+${Math.max(length, head.length) - cut})`;
}

function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x1_0000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\u{${code.toString(16)}}`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
