import { describe, expect, test } from '@jest/globals';
import { runCommandLine, type Command } from '@relay/program';
import { clientCommandLine } from '../../src/commands.js';
import { captured } from '../support/captured.js';

/** Every node of the tree: the words that lead to it, and what it is. */
function nodes(commands: readonly Command[], before: readonly string[] = []): [string[], Command][] {
  return commands.flatMap((command): [string[], Command][] => {
    const path = [...before, command.name];
    return [[path, command], ...nodes(command.commands ?? [], path)];
  });
}

const output = async (...args: string[]): Promise<string> =>
  (await captured(() => runCommandLine(clientCommandLine(args)))).stdout;

/** What a Tab offers after these words: words, or the kind of names in the file system. */
async function offered(...typed: string[]): Promise<string[]> {
  const [kind = '', ...lines] = (await output('__complete', 'words', ...typed)).trimEnd().split('\n');
  return kind === 'words' ? lines.map((line) => line.split('\t')[0] ?? '') : [kind];
}

const ALL = nodes(clientCommandLine([]).commands);
const named = ALL.map(([path, command]) => [path.join(' '), path, command] as const);
const flagsOf = ({ options = [] }: Command): string[] => options.map(({ flag = '' }) => `--${flag}`);

test('a Tab offers every command of the program', async () => {
  expect(await offered('')).toEqual(clientCommandLine([]).commands.map(({ name }) => name));
});

describe.each(named)('%s', (_name, path, command) => {
  test('a Tab offers its commands, its flags and their values', async () => {
    const { commands = [], words: [word] = [], options = [] } = command;
    expect(await offered(...path, '--')).toEqual([...flagsOf(command), '--help']);
    if (commands.length > 0) expect(await offered(...path, '')).toEqual(commands.map(({ name }) => name));
    const completion = word?.option.format.completion;
    if (completion !== undefined)
      expect(await offered(...path, '')).toEqual(typeof completion === 'string' ? [completion] : completion);
    for (const { flag = '', option } of options) {
      const { completion: values = [], name } = option.format;
      if (name !== 'boolean')
        expect(await offered(...path, `--${flag}`, '')).toEqual(typeof values === 'string' ? [values] : values);
    }
  });

  test('its help has its own flags, each with a value and a description, in 80 columns', async () => {
    const help = await output(...path, '--help');
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const listed = [...help.matchAll(/^ +(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
    expect(listed.sort()).toEqual([...flagsOf(command), '--help'].sort());
    for (const { flag = '', option } of command.options ?? []) {
      expect(option.definition.doc).toMatch(/\S/);
      const value = option.format.name === 'boolean' ? '(?: {2}|$)' : ' [^ ]*[A-Z|a-z]';
      expect(help).toMatch(new RegExp(`--${flag}${value}`, 'm'));
    }
    expect(help).not.toMatch(/\[string\]|undefined|\[object/);
    const headings = help.match(/^\S.*:$/gm) ?? [];
    for (const heading of headings) expect(heading).toMatch(/^[A-Z][a-z ]+:$/);
    expect(headings.at(-1)).toBe('Documents:');
  });

  test('has two to four examples, whose words and flags it takes', () => {
    const { examples = [] } = command;
    expect(examples.length).toBeGreaterThanOrEqual(2);
    expect(examples.length).toBeLessThanOrEqual(4);
    for (const [line] of examples) {
      const [typed = ''] = line.split(/ ?(?:[|>]+|&&) /);
      const flags = [...typed.matchAll(/(?:^| )(--[\w-]+)/g)].map(([, flag = '']) => flag);
      const [inner = '', ...rest] = typed.split(' ');
      const group = command.commands?.find(({ name }) => name === inner);
      expect([...flagsOf(group ?? command)]).toEqual(expect.arrayContaining(flags));
      if (group !== undefined) expect(rest.length > 0 || (group.words ?? []).length === 0).toBe(true);
    }
  });
});

test('the help of the program lists every command, its most important options first, and where to read on', async () => {
  const help = await output('--help');
  for (const { name } of clientCommandLine([]).commands) expect(help).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  const options = /^Options:\n([^]*?)\n\n/m.exec(help)?.[1] ?? '';
  expect([...options.matchAll(/^ +(?:-\w, )?--([\w-]+)/gm)].slice(0, 3).map(([, flag]) => flag)).toEqual([
    'server',
    'forward',
    'publish',
  ]);
  expect(help).toMatch(/^Exit codes:\n {2}0 {2}done$/m);
  expect(help).toMatch(/^Documents:\n {2}https:/m);
  for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
