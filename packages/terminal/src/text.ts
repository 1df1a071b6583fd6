import stringWidth from 'string-width';

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

// Control sequences of ECMA-48: CSI … final byte; OSC, DCS, SOS, PM and APC … up to their
// terminator; two-character escapes. Their 8-bit forms (C1) too. An unterminated one loses its
// introducer with the control characters below.
const SEQUENCES =
  // eslint's no-control-regex is not part of the rules here; these characters are the point.
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)|\x1b[ -/]*[0-~]/g;

// Control characters (Cc), format characters with the bidirectional controls and joiners (Cf),
// separators of lines and paragraphs (Zl, Zp), surrogates without a partner (Cs), private
// characters (Co), and variation selectors, on whose width terminals disagree.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\ufe00-\ufe0f]/gu;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * The text without anything that a terminal obeys instead of showing it: control characters, ANSI
 * sequences, bidirectional controls, invisible characters. Newlines and tabs become spaces, so the
 * result is one line.
 */
export function plainText(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text
    .replace(SEQUENCES, '')
    .replace(/[\t\n\r\u2028\u2029]+/g, ' ')
    .replace(UNSAFE, '');
}

/**
 * How many columns of a terminal the text takes; wide characters (East Asian, emoji) take two,
 * combining marks none.
 */
export function displayWidth(text: string): number {
  return PRINTABLE_ASCII.test(text) ? text.length : stringWidth(text);
}

/**
 * The text cut to at most so many columns, its last one then `…`; a wide character is never halved.
 */
export function fitWidth(text: string, columns: number): string {
  // No character takes more than two columns for one code unit, so short texts need no measuring.
  if (text.length * 2 <= columns) return text;
  if (columns <= 0) return '';
  let width = 0;
  let fittedLength = 0;
  for (const { segment, index } of segmenter.segment(text)) {
    width += displayWidth(segment);
    if (width > columns) return `${text.slice(0, fittedLength)}…`;
    if (width < columns) fittedLength = index + segment.length;
  }
  return text;
}

/** The text with spaces up to so many columns; a longer one is returned as it is. */
export function padWidth(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const padding = ' '.repeat(Math.max(0, columns - displayWidth(text)));
  return align === 'left' ? text + padding : padding + text;
}
