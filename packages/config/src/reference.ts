import type { Field } from './format/format.js';
import type { Schema, PlacedOption } from './schema.js';
import { describeDefault } from './yargs.js';

/** The beginning of a reference page. */
export interface ReferenceOptions {
  /** Default: `Options of PROGRAM`. */
  readonly title?: string;
  /** How deep the title stands: 1 for `#`. Default 1. */
  readonly level?: number;
}

const PRECEDENCE =
  'Flags win over the environment, the environment over the file, the file over defaults. Nothing is converted: ' +
  'a value that is not exactly what is expected, and a key that is not known, is an error.';

/**
 * The reference page in Markdown: every option with its three spellings, what it takes, its
 * default, and whether a change needs a restart. It depends on the schema alone (give an option
 * whose default depends on the machine a `defaultDoc`), so that a check can compare it with the
 * page in the repository; Prettier leaves it as it is.
 */
export function referenceMarkdown(schema: Schema<unknown>, { title, level = 1 }: ReferenceOptions = {}): string {
  const marks = '#'.repeat(level);
  const paragraphs = [`${marks} ${title ?? `Options of ${schema.program}`}`, PRECEDENCE];
  for (const [group, options] of byGroup(schema.options)) {
    if (group !== undefined) paragraphs.push(`${marks}# ${group}`);
    const optionMarks = group === undefined ? `${marks}#` : `${marks}##`;
    for (const placed of options) paragraphs.push(`${optionMarks} \`${placed.key}\``, ...describe(placed));
  }
  return `${paragraphs.join('\n\n')}\n`;
}

/** Groups in the order of their first options; first those that are in none. */
function byGroup(options: readonly PlacedOption[]): Map<string | undefined, PlacedOption[]> {
  const groups = new Map<string | undefined, PlacedOption[]>([[undefined, []]]);
  for (const placed of options) {
    const { group } = placed.option.definition;
    const members = groups.get(group) ?? [];
    members.push(placed);
    groups.set(group, members);
  }
  return groups;
}

function describe({ key, flag, environment, inFile, option }: PlacedOption): string[] {
  const { definition, format } = option;
  const isArray = definition.array === true;
  const alias = definition.alias === undefined ? '' : ` (\`-${definition.alias}\`)`;
  const facts = [`Takes: ${isArray ? 'any number of values, each ' : ''}${plain(format.expected)}`];
  facts.push(`Default: ${definition.required === true ? 'none, it must be given' : defaultText(option)}`);
  if (flag !== undefined) facts.push(`Flag: \`--${flag}\`${alias}`);
  if (environment !== undefined) {
    facts.push(`Environment: \`${environment}\`${isArray ? ', values separated by blanks' : ''}`);
  }
  if (inFile) facts.push(`File: \`${key}\``);
  facts.push(definition.live === true ? 'A change takes effect by a reload' : 'A change needs a restart');
  if (definition.secret === true) facts.push('Secret: shown nowhere');
  const fields = Object.entries(format.fields ?? {}).map(([name, field]) => describeField(name, field));
  return [
    definition.doc,
    bullets(facts),
    ...(fields.length === 0 ? [] : ['As a table in the file it has:', bullets(fields)]),
  ];
}

function describeField(name: string, field: Field): string {
  const { doc, required, secret } = field.definition;
  const facts = [
    plain(field.format.expected),
    required === true ? 'must be given' : `default: ${defaultText(field)}`,
    ...(secret === true ? ['secret'] : []),
  ];
  return `\`${name}\`: ${doc} (${facts.join('; ')})`;
}

function defaultText({ default: fallback, definition }: Field): string {
  const text = definition.defaultDoc ?? describeDefault(fallback);
  if (text === undefined) return 'none';
  return definition.secret === true ? 'a secret' : `\`${text}\``;
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

/** Escapes the characters that Markdown would take for marks. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_<>[\]|]/g, (mark) => `\\${mark}`);
}
