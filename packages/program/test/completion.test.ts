import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defineSchema, option } from '@relay/config';
import { completionCommand, completionScript, configCommand, runCommandLine, type Command } from '../src/index.js';
import { captured } from './captured.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

const schema = defineSchema(
  {
    config: option({ format: 'path', alias: 'c', file: false, doc: 'Configuration file' }),
    state: option({ format: 'directory', doc: 'Folder' }),
    engine: option({ format: ['auto', 'native', 'dgram'], default: 'auto', doc: 'Which engine' }),
    listen: option({ format: 'endpoint', array: true, doc: 'Where it listens' }),
    status: option({ format: 'boolean', default: false, doc: 'Show a screen' }),
  },
  { program: 'a-tool' },
);
const start: Command = { name: 'start', describe: 'Run it', options: schema.options, run: () => undefined };

const names = option({ format: 'string', array: true, required: true, doc: 'Whose' });
const forget = (candidates: NonNullable<NonNullable<Command['words']>[number]['candidates']>): Command => ({
  name: 'forget',
  describe: 'Forget someone',
  words: [{ name: 'name', option: names, candidates }],
  options: schema.options.filter(({ key }) => key === 'state'),
  run: () => undefined,
});
const known = forget(({ state }) => (state === '/nowhere' ? [] : ['ada', 'bob', '10.0.0.1:53', '$(touch x)']));

async function answered(commands: readonly Command[], ...args: string[]): Promise<string[]> {
  const { stdout, stderr } = await captured(() =>
    runCommandLine({
      ...{ program: 'a-tool', describe: 'Do it', packageJson: new URL('../package.json', import.meta.url) },
      args: ['__complete', ...args],
      commands: [start, ...commands, configCommand(schema), completionCommand('a-tool')],
    }),
  );
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

/** The words that a Tab offers, or the kind of names in the file system. */
async function offered(...typed: string[]): Promise<string[]> {
  const [kind = '', ...lines] = await answered([known], 'words', ...typed);
  return kind === 'words' ? lines.map((line) => line.split('\t')[0] ?? '') : [kind];
}

const TOP = ['start', 'forget', 'config', 'completion'];

describe('a Tab', () => {
  test.each<[string[], string[]]>([
    [[''], TOP],
    [[], TOP],
    [['co'], ['config', 'completion']],
    [
      ['config', ''],
      ['check', 'show', 'schema', 'reference'],
    ],
    [['config', 'check', ''], ['file']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['completion', 'bash', ''], []],
    [
      ['--engine', ''],
      ['auto', 'native', 'dgram'],
    ],
    [['--engine=n'], ['--engine=native']],
    [['-c', ''], ['file']],
    [['--config='], ['file']],
    [['--state', 'x'], ['directory']],
    [['--listen', ''], []],
    [['--engine', 'auto', '--status', 'st'], ['start']],
    [
      ['config', 'show', '--s'],
      ['--sources', '--state', '--status'],
    ],
    [['--no-'], ['--no-status', '--no-help', '--no-version']],
    [['start', '--status', '--st'], ['--state']],
    [['start', '--listen', '[::]:1', '--li'], ['--listen']],
    [
      ['forget', '--'],
      ['--state', '--help'],
    ],
    [
      ['forget', ''],
      ['ada', 'bob', '10.0.0.1:53'],
    ],
    [['forget', 'ada', 'b'], ['bob']],
    [['forget', '--', 'a'], ['ada']],
    [['forget', '--state', '/nowhere', ''], []],
    [['nonsense', ''], []],
    [['--nonsense', '--e'], ['--engine']],
  ])('after %j offers %j', async (typed, expected) => expect(await offered(...typed)).toEqual(expected));

  test('says one line about each word', async () => {
    expect(await answered([known], 'words', 'config', 'sch')).toEqual([
      'words',
      'schema\tPrint the JSON Schema of the configuration file',
    ]);
  });

  test('reads a whole line up to the cursor as a shell does', async () => {
    expect(await answered([known], 'line', "a-tool --state 'a b' for")).toEqual(['words', 'forget\tForget someone']);
    expect(await answered([known], 'line', 'a-tool forget ')).toEqual(['words', 'ada\t', 'bob\t', '10.0.0.1:53']);
  });

  test('offers nothing where names cannot be asked for, and waits a second at most', async () => {
    const fails = forget(() => Promise.reject(new Error('gone')));
    const throws = forget(() => {
      throw new Error('gone');
    });
    const hangs = forget(() => new Promise(() => undefined));
    for (const command of [fails, throws, hangs])
      expect(await answered([command], 'words', 'forget', '')).toEqual(['words']);
  });
});

describe('the script for bash', () => {
  const bin = join(folder, 'bin');
  const words = join(folder, 'answers');
  mkdirSync(bin);
  mkdirSync(join(folder, 'some folder'));
  writeFileSync(join(folder, 'some file.toml'), '');
  writeFileSync(join(folder, 'script.bash'), completionScript('a-tool', 'bash'));

  /** What bash makes of an answer of the program, at the end of a line split as bash splits it. */
  function replies(answer: string, line: string, ...split: string[]): string[] {
    writeFileSync(words, answer);
    writeFileSync(join(bin, 'a-tool'), `#!/bin/sh\necho "$@" > ${folder}/asked\ncat ${words}\necho noise >&2\n`);
    chmodSync(join(bin, 'a-tool'), 0o755);
    const list = split.map((word) => `'${word}'`).join(' ');
    const run = `source ../script.bash; COMP_LINE='${line}'; COMP_POINT=${line.length}; COMP_WORDS=(${list}); COMP_CWORD=${split.length - 1}
      _a_tool_completion; (( \${#COMPREPLY[@]} == 0 )) || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = execFileSync('bash', ['--norc', '-c', run], {
      encoding: 'utf8',
      cwd: bin,
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    return output.split('\n').filter((each) => each !== '');
  }

  test.each<[string, string, string[], string[]]>([
    ['words\nada\tx y\nbob\t\n', 'a-tool forget ', ['a-tool', 'forget', ''], ['ada', 'bob']],
    ['words\n--engine=native\t\n', 'a-tool --engine=n', ['a-tool', '--engine', '=', 'n'], ['native']],
    ['words\n--engine=native\t\n', 'a-tool --engine=', ['a-tool', '--engine', '='], ['native']],
    ['words\n--engine=native\t\n', 'a-tool --engine=n', ['a-tool', '--engine=n'], ['--engine=native']],
    ['words\n10.0.0.1:53\t\n', 'a-tool forget 10.0.0.1:', ['a-tool', 'forget', '10.0.0.1', ':'], ['53']],
    ['words\n*\t\n', 'a-tool forget ', ['a-tool', 'forget', ''], ['*']],
    ['words\n', 'a-tool forget ', ['a-tool', 'forget', ''], []],
    ['file\n', 'a-tool -c ../some', ['a-tool', '-c', '../some'], ['../some folder', '../some file.toml']],
    ['directory\n', 'a-tool --state ../some', ['a-tool', '--state', '../some'], ['../some folder']],
    ['', 'a-tool forget ', ['a-tool', 'forget', ''], []],
  ])('takes %j at %j', (answer, line, split, expected) => {
    expect(replies(answer, line, ...split).sort()).toEqual([...expected].sort());
  });

  test('offers nothing, without noise, where the program is missing', () => {
    const line = 'no-such-tool forget ';
    expect(replies('words\nada\t\n', line, 'no-such-tool', 'forget', '')).toEqual([]);
  });
});

describe('the scripts for zsh and fish', () => {
  test.each(['zsh', 'fish'] as const)(
    '%s asks the program with the words up to the cursor, and hides noise',
    (shell) => {
      const script = completionScript('a-tool', shell);
      expect(script).toMatch(/ __complete words .*2>\/dev\/null/);
      for (const kind of ['words', 'file', 'directory'])
        expect(script).toMatch(new RegExp(`^ +(?:case )?${kind}\\b`, 'm'));
      expect(script).toMatch(/(?:compdef|complete -c a-tool).*a.tool/);
    },
  );

  test('a program whose name is not a plain word has none', () => {
    expect(() => completionScript('a b', 'bash')).toThrow('"a b" is not a plain word');
  });
});
