import type { Option, Schema, SchemaOption } from './schema.js';
import { describeDefault } from './yargs.js';

/** How a reference page begins. */
export interface ReferenceOptions {
  /** Default: `Options of PROGRAM`. */
  readonly title?: string;
  /** Depth of the title: 1 for `#`. Default 1. */
  readonly level?: number;
}

/**
 * The reference page in Markdown: every option with its three spellings, what it takes, its default, and whether a change needs a restart.
 * Depends on the schema alone (give options whose default depends on the machine a `defaultDoc`), so that a check can
 * compare it with the page in the repository; Prettier leaves it as it is.
 */
export function referenceMarkdown(schema: Schema<unknown>, { title, level = 1 }: ReferenceOptions = {}): string {
  const marks = '#'.repeat(level);
  const sections = [...grouped(schema.options)].flatMap(([group, options]) => [
    ...(group === undefined ? [] : [`${marks}# ${group}`]),
    ...options.flatMap((option) => [`${marks}## \`${option.key}\``, ...optionSection(option)]),
  ]);
  return [`${marks} ${title ?? `Options of ${schema.program}`}`, PRECEDENCE, ...sections].join('\n\n') + '\n';
}

const PRECEDENCE =
  'Flags win over the environment, the environment over the file, the file over defaults. Nothing is converted: ' +
  'a value that is not exactly what is expected, and a key that is not known, is an error.';

function grouped(options: readonly SchemaOption[]): Map<string | undefined, SchemaOption[]> {
  const groups = new Map<string | undefined, SchemaOption[]>();
  for (const option of options) {
    const { group } = option.option.definition;
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  return groups;
}

function optionSection({ key, flag, environment, inFile, option }: SchemaOption): string[] {
  const { definition, format } = option;
  const alias = definition.alias === undefined ? '' : ` (\`-${definition.alias}\`)`;
  const facts = [
    `Takes: ${definition.array === true ? 'any number of values, each ' : ''}${plain(format.expected)}`,
    `Default: ${defaultText(option)}`,
    ...(flag === undefined ? [] : [`Flag: \`--${flag}\`${alias}`]),
    ...(environment === undefined
      ? []
      : [`Environment: \`${environment}\`${definition.array === true ? ', values separated by blanks' : ''}`]),
    ...(inFile ? [`File: \`${key}\``] : []),
    definition.live === true ? 'A change takes effect by a reload' : 'A change needs a restart',
    ...(definition.secret === true ? ['Secret: shown nowhere'] : []),
  ];
  const fields = Object.entries(format.fields ?? {}).map(([name, field]) => fieldFact(name, field));
  return [
    definition.doc,
    bullets(facts),
    ...(fields.length === 0 ? [] : ['As a table in the file it has:', bullets(fields)]),
  ];
}

function fieldFact(name: string, field: Option<unknown>): string {
  const { doc, secret } = field.definition;
  const facts = [
    plain(field.format.expected),
    `default: ${defaultText(field)}`,
    ...(secret === true ? ['secret'] : []),
  ];
  return `\`${name}\`: ${doc} (${facts.join('; ')})`;
}

function defaultText({ default: fallback, definition }: Option<unknown>): string {
  const text = definition.defaultDoc ?? describeDefault(fallback);
  if (text !== undefined) return `\`${text}\``;
  return definition.required === true ? 'none, it must be given' : 'none';
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

/** What Markdown would take for marks. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_<>[\]|]/g, (mark) => `\\${mark}`);
}
