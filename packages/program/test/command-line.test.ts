import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defineSchema, option, yargsOptions } from '@relay/config';
import type { CommandModule } from 'yargs';
import { completionCommand, configCommand, printResult, runCommandLine, type Flags } from '../src/index.js';
import { captured } from './captured.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

const schema = defineSchema(
  {
    config: option({ format: 'path', alias: 'c', file: false, doc: 'Configuration file' }),
    port: option({ format: 'port', default: 53, doc: 'The port' }),
    key: option({ format: 'string', secret: true, doc: 'The key' }),
  },
  { program: 'a-program', environmentPrefix: 'A_PROGRAM_TEST_' },
);
const config = configCommand(schema);
const say: CommandModule<object, Flags> = {
  command: 'say [word]',
  describe: 'Say what was given',
  builder: (cli) =>
    cli
      .positional('word', { type: 'string' })
      .option('port', { type: 'string', alias: 'p' })
      .option('json', { type: 'boolean', nargs: 0 })
      .option('log-level', { type: 'string' }),
  handler: ({ word, port, json }) => void printResult({ json }, { word, port }, (said) => [String(said.word)]),
};

const run = (...args: string[]): ReturnType<typeof captured> =>
  captured(() =>
    runCommandLine({
      program: 'a-program',
      packageJson: new URL('../package.json', import.meta.url),
      args,
      commands: [say, config, completionCommand(schema, [config])],
    }),
  );

describe('runCommandLine', () => {
  test('converts nothing: numbers stay texts', async () => {
    const { stdout, exitCode } = await run('say', '0x10', '--port', '053', '--json');
    expect(stdout).toBe('{"word":"0x10","port":"053"}\n');
    expect(exitCode).toBeUndefined();
  });

  test('skips a first -- as pnpm passes it on', async () => {
    expect((await run('--', 'say', 'a')).stdout).toBe('a\n');
  });

  test('escapes what it prints for people', async () => {
    expect((await run('say', 'a\u001b[31m')).stdout).toBe('a\\x1b[31m\n');
  });

  test('prints the version of the package', async () => {
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test.each([
    [
      ['say', '--colour', 'red'],
      /^a-program: Unknown argument: colour \(usage: a-program say \[WORD\]; a-program say --help tells more\)\n$/,
    ],
    [['sya'], /^a-program: Unknown (?:command|argument): sya \(did you mean say\?\)\n$/],
    [['say', '--prot=1'], /^a-program: Unknown argument: prot \(did you mean --port\?\)\n$/],
    [['--', 'config', 'show', '--sorces'], /^a-program: Unknown argument: sorces \(did you mean --sources\?\)\n$/],
    [['config'], /^a-program: config needs a command: check, show/],
    [['config', 'chekc', 'x'], /^a-program: Unknown arguments: chekc, x \(did you mean check\?\)\n$/],
    [['config', 'check'], /^a-program: an argument is missing \(a-program config --help tells more\)\n$/],
    [
      ['say', 'a', '--json=maybe'],
      /^a-program: --json takes no value \(usage: a-program say \[WORD\]; a-program say --help/,
    ],
    [
      ['completion', 'csh'],
      /^a-program: SHELL: expected one of bash, zsh, fish, not "csh" \(usage: a-program completion SHELL; /,
    ],
    [
      ['completion'],
      /^a-program: an argument is missing \(usage: a-program completion SHELL; a-program completion --help/,
    ],
    [['config', 'show', '--port', '80x'], /^a-program: .*port.*80x.*\n$/],
  ])('reports %j on one line, with exit code 2', async (args, expected) => {
    const { stderr, stdout, exitCode } = await run(...args);
    expect(stderr).toMatch(expected);
    expect([stdout, exitCode]).toEqual(['', 2]);
  });

  test.each([
    [['--log-level', 'debug'], true],
    [['--log-level=trace'], true],
    [['--log-level', 'info'], false],
    [[], false],
  ])('decides from %j whether a failure is verbose: %p', async (level, isVerbose) => {
    const { stderr } = await run('say', '--colour', 'red', ...level);
    expect(/at .*:\d+:\d+/.test(stderr)).toBe(isVerbose);
  });
});

describe('the help', () => {
  const help = async (...args: string[]): Promise<string> => {
    const { stdout } = await captured(() =>
      runCommandLine({
        program: 'a-program',
        packageJson: new URL('../package.json', import.meta.url),
        args,
        commands: [startLike, say, config],
        examples: [['say hello', 'greet']],
        documents: 'https://example.com/docs',
      }),
    );
    return stdout;
  };
  const startLike: CommandModule<object, Flags> = {
    command: ['start', '$0'],
    describe: 'Run it',
    builder: (cli) => cli.options(yargsOptions(grouped)),
    handler: () => undefined,
  };
  const grouped = defineSchema(
    {
      listen: option({ format: 'endpoint', array: true, doc: 'Where it listens' }),
      level: option({ format: ['low', 'high'], default: 'low', group: 'Logs', doc: 'How much it says' }),
    },
    { program: 'a-program', environmentPrefix: 'A_PROGRAM_TEST_' },
  );

  test('has the options without a group first, examples, the exit codes and the documents', async () => {
    const text = await help('--help');
    expect(text).toMatch(/^Options:$[^]*--listen[^]*^Logs:$[^]*--level/m);
    expect(text).toMatch(/--listen +Where it listens \(repeatable\)/);
    expect(text).toMatch(/--level +How much it says \(low or high\)/);
    expect(text).not.toMatch(/\[string\]/);
    expect(text).toMatch(/^ +a-program say hello +greet$/m);
    expect(text).toMatch(/Exit codes: 0 done, 1 failed/);
    expect(text).toMatch(/Documents: https:\/\/example\.com\/docs/);
  });

  test('of a command says nothing of other commands', async () => {
    const text = await help('say', '--help');
    expect(text).toMatch(/--port/);
    expect(text).not.toMatch(/say hello|Exit codes/);
  });
});

describe('the commands that programs share', () => {
  test('show a configuration that is one, whatever its values came from', async () => {
    const { stdout } = await run('config', 'show', '--port', '54');
    expect(stdout).toBe('port = 54\n');
    const file = join(folder, 'shown.toml');
    writeFileSync(file, stdout);
    expect(await run('config', 'check', file)).toMatchObject({ stdout: `${file} is valid\n`, exitCode: undefined });
    expect((await run('config', 'show', '--port', '54', '--json')).stdout).toBe('{"port":54}\n');
  });

  test('hide secrets in config show and name the source of each value if asked', async () => {
    expect((await run('config', 'show', '--key', 'hunter2')).stdout).toBe(
      '# key is a secret and is left out here (flag --key)\nport = 53\n',
    );
    expect((await run('config', 'show', '--sources', '--port', '54')).stdout).toMatch(/54.*flag --port/);
  });

  test('print a JSON Schema for config schema, and a table in Markdown for config reference', async () => {
    expect(JSON.parse((await run('config', 'schema')).stdout)).toMatchObject({ properties: { port: {} } });
    expect((await run('config', 'reference')).stdout).toMatch(/A_PROGRAM_TEST_PORT/);
  });

  test.each(['bash', 'zsh', 'fish'])('print for completion %s a script that knows the commands', async (shell) => {
    expect((await run('completion', shell)).stdout).toMatch(/config/);
  });
});
