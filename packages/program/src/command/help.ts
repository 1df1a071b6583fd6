/** The help of a program and of each of its commands, in at most 80 columns. */
import { describeDefault, valueNameOf, type PlacedOption } from '@relay/config';
import { aliasOf, isSwitch, wordUsage, type Command } from './command.js';
import { optionsOf, type Located } from './locate.js';

const COLUMNS = 80;
/** Where descriptions begin: the widest first column that leaves them half of the line. */
const MAX_INDENT = 30;

/** What the end of each help says. */
export interface HelpEnd {
  /** The address of the documents. */
  readonly documents?: string | undefined;
}

/** One line of a list: what is described, and its description. */
type Row = readonly [left: string, right: string];

/** Returns the help of the command that was found. */
export function helpOf({ path, command }: Pick<Located, 'path' | 'command'>, { documents }: HelpEnd = {}): string {
  const { words = [], commands = [], examples = [], describe } = command;
  const isProgram = path.length === 1;
  const name = path.map((each) => each.name).join(' ');
  const options = optionsOf({ path, command });
  const sections = [
    section('Usage', usages(path, options.length > 1)),
    wrap(`${describe}.`, 0),
    section('Arguments', list(words.map((word) => [wordUsage(word), word.option.definition.doc]))),
    section('Commands', list(commands.map((each, i) => commandRow(each, isProgram && i === 0)))),
    ...grouped(options).map(([group, members]) => section(group, list(members.map(optionRow)))),
    section('Values', list(valueForms([...options.map(({ option }) => option), ...words.map(({ option }) => option)]))),
    section(
      'Examples',
      examples.flatMap(([line, what]) => [
        `  ${[name, line].filter((part) => part !== '').join(' ')}`,
        ...wrap(what, 6),
      ]),
    ),
    section('Exit codes', EXIT_CODES),
    ...(documents === undefined ? [] : [section('Documents', [`  ${documents}`])]),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const EXIT_CODES = [
  '  0  done',
  '  1  failed while running',
  '  2  wrong usage or configuration',
  '  3  no answer (commands that ask a running program)',
  '  4  refused',
];

const section = (heading: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${heading}:`, ...lines];

/** The command as users type it: `relay-server invite NAME [options]`. */
export function usageOf(path: readonly Command[], hasOptions: boolean): string {
  const command = path.at(-1);
  const parts = [...(command?.words ?? []).map(wordUsage), ...(hasOptions ? ['[options]'] : [])];
  return [...path.map(({ name }) => name), ...parts].join(' ');
}

function usages(path: readonly Command[], hasOptions: boolean): string[] {
  const name = path.map((each) => each.name).join(' ');
  const { commands = [] } = path.at(-1) ?? {};
  if (commands.length === 0) return [`  ${usageOf(path, hasOptions)}`];
  if (path.length > 1) return [`  ${name} COMMAND`];
  return [`  ${name} [${commands[0]?.name ?? ''}] [options]`, `  ${name} COMMAND`, `  ${name} COMMAND --help`];
}

function commandRow(command: Command, isDefault: boolean): Row {
  const words = (command.words ?? []).map(wordUsage);
  return [[command.name, ...words].join(' '), `${command.describe}${isDefault ? ' (the default)' : ''}`];
}

function optionRow(placed: PlacedOption): Row {
  const { flag = '', option } = placed;
  const { definition, format } = option;
  const alias = aliasOf(placed);
  const value = isSwitch(placed) ? '' : ` ${valueNameOf(format)}`;
  const shown = definition.defaultDoc ?? (option.isSecret ? undefined : describeDefault(option.default));
  const facts = [
    ...(definition.array === true ? ['repeatable'] : []),
    ...(shown === undefined || isSwitch(placed) ? [] : [`default ${shown}`]),
  ];
  return [
    `${alias === undefined ? '    ' : `-${alias}, `}--${flag}${value}`,
    `${definition.doc}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`,
  ];
}

/** Options by their groups: first those that are in none. */
function grouped(options: readonly PlacedOption[]): [string, PlacedOption[]][] {
  const groups = new Map<string, PlacedOption[]>([['Options', []]]);
  for (const placed of options) {
    const { group = 'Options' } = placed.option.definition;
    groups.set(group, [...(groups.get(group) ?? []), placed]);
  }
  return [...groups].filter(([, members]) => members.length > 0);
}

/** How quantities are written, each kind once. */
function valueForms(options: readonly PlacedOption['option'][]): Row[] {
  const forms = new Map<string, string>();
  for (const { format } of options) {
    const name = valueNameOf(format).split('|').at(-1) ?? '';
    if (format.valueForm !== undefined) forms.set(name, format.valueForm);
  }
  return [...forms];
}

/** Two columns. What is too wide for the first one has its description on the next line. */
function list(rows: readonly Row[]): string[] {
  const widths = rows.map(([left]) => left.length + 4).filter((width) => width <= MAX_INDENT);
  const indent = Math.max(8, ...widths);
  return rows.flatMap(([left, right]) => {
    const described = wrap(right, indent);
    const first = `  ${left}`;
    if (first.length + 2 > indent) return [...wrapUsage(first), ...described];
    return [`${first.padEnd(indent)}${described[0]?.trimStart() ?? ''}`, ...described.slice(1)];
  });
}

/** A first column is one word, or several that may stand below each other. */
const wrapUsage = (text: string): string[] => (text.length <= COLUMNS ? [text] : wrap(text.trim(), 2));

/** The text in lines of at most 80 columns, each after `indent` blanks. */
export function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${' '.repeat(indent)}${each}`);
}
