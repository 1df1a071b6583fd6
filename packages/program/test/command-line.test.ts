import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defineSchema, integer, option } from '@relay/config';
import { completionCommand, configCommand, printResult, runCommandLine, type Command } from '../src/index.js';
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
const sayOptions = defineSchema(
  {
    port: option({ format: 'port', alias: 'p', doc: 'Where to say it' }),
    json: option({ format: 'boolean', default: false, doc: 'Print JSON' }),
    logLevel: option({ format: 'level', default: 'info', doc: 'How much is logged' }),
    tag: option({ format: 'string', array: true, doc: 'What it is about' }),
  },
  { program: 'a-program', environmentPrefix: 'A_PROGRAM_TEST_' },
).options;
const say: Command = {
  name: 'say',
  describe: 'Say what was given',
  words: [{ name: 'word', option: option({ format: 'string', doc: 'What is said' }) }],
  options: sayOptions,
  run: ({ word, port, json }) => printResult({ json }, { word, port }, (said) => [String(said.word)]),
};
const add: Command = {
  name: 'add',
  describe: 'Add numbers',
  words: [{ name: 'number', option: option({ format: integer(), array: true, required: true, doc: 'Each of them' }) }],
  run: ({ number }) => printResult({}, number, (numbers) => [JSON.stringify(numbers)]),
};

const run = (...args: string[]): ReturnType<typeof captured> =>
  captured(() =>
    runCommandLine({
      program: 'a-program',
      describe: 'Say and add',
      packageJson: new URL('../package.json', import.meta.url),
      args,
      commands: [say, add, config, completionCommand('a-program')],
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

  test.each(['--version', '-V'])('prints for %s the version, the engine and that of Node.js', async (flag) => {
    const { stdout } = await run(flag);
    expect(stdout).toMatch(/^a-program \d+\.\d+\.\d+, engine (?:native|dgram), Node\.js \d+\.\d+\.\d+\n$/);
  });

  test('takes a word that begins with a dash after --, and no word too many there', async () => {
    expect((await run('say', '--', '-x')).stdout).toBe('-x\n');
    expect((await run('add', '--', '-1', '2')).stdout).toBe('["-1","2"]\n');
    expect(await run('say', '--', 'a', '--more')).toMatchObject({ stdout: '', exitCode: 2 });
    expect((await run('say', '--', 'a', '--more')).stderr).toMatch(/^a-program: Unknown argument: --more \(/);
  });

  test('takes true and false behind a switch, and nothing else', async () => {
    expect((await run('say', 'a', '--json=true')).stdout).toBe('{"word":"a"}\n');
    expect((await run('say', 'a', '--json=false')).stdout).toBe('a\n');
    expect((await run('say', 'a', '--no-json=false')).stdout).toBe('{"word":"a"}\n');
  });

  test('takes several words where the last one takes all', async () => {
    expect((await run('add', '1', '2', '3')).stdout).toBe('["1","2","3"]\n');
  });

  test.each([
    [
      ['say', '--colour', 'red'],
      /^a-program: Unknown argument: colour \(usage: a-program say \[WORD\]; a-program say --help tells more\)\n$/,
    ],
    [['sya'], /^a-program: Unknown (?:command|argument): sya \(did you mean say\?\)\n$/],
    [['say', 'a', '--logLevel', 'debug'], /^a-program: Unknown argument: logLevel \(did you mean --log-level\?\)\n$/],
    [['say', 'a', '--port.first', '1'], /^a-program: Unknown argument: port\.first \(/],
    [['say', '--prot=1'], /^a-program: Unknown argument: prot \(did you mean --port\?\)\n$/],
    [['--', 'config', 'show', '--sorces'], /^a-program: Unknown argument: sorces \(did you mean --sources\?\)\n$/],
    [['config'], /^a-program: config needs a command: check, show/],
    [['config', 'chekc', 'x'], /^a-program: Unknown arguments: chekc, x \(did you mean check\?\)\n$/],
    [
      ['config', 'check'],
      /^a-program: an argument is missing \(usage: a-program config check FILE; a-program config check --help tells/,
    ],
    [['say', 'a', '--json=maybe'], /^a-program: --json: expected true or false, not "maybe"\n$/],
    [['completion', 'csh'], /^a-program: SHELL: expected bash, zsh or fish, not "csh"/],
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
  const grouped = defineSchema(
    {
      listen: option({ format: 'endpoint', array: true, alias: 'l', doc: 'Where it listens' }),
      level: option({ format: ['low', 'high'], default: 'low', group: 'Logs', doc: 'How much it says' }),
      wait: option({ format: 'duration', default: '5s', doc: 'How long it waits' }),
      key: option({ format: 'string', secret: true, doc: 'Its key' }),
    },
    { program: 'a-program', environmentPrefix: 'A_PROGRAM_TEST_' },
  );
  const start: Command = { name: 'start', describe: 'Run it', options: grouped.options, run: () => undefined };
  const help = async (...args: string[]): Promise<string> => {
    const { stdout } = await captured(() =>
      runCommandLine({
        program: 'a-program',
        describe: 'Do much',
        packageJson: new URL('../package.json', import.meta.url),
        args,
        commands: [start, { ...say, examples: [['hello', 'greet']] }, config],
        examples: [['say hello', 'greet']],
        documents: 'https://example.com/docs',
      }),
    );
    return stdout;
  };

  test('has usage, commands, options by groups, examples, exit codes and the documents, in this order', async () => {
    const headings = (await help('--help')).match(/^\S.*:$/gm);
    expect(headings).toEqual(
      ['Usage', 'Commands', 'Options', 'Logs', 'Values', 'Examples', 'Exit codes', 'Documents'].map(
        (each) => `${each}:`,
      ),
    );
    expect(await help('--help')).toMatch(/^Usage:\n {2}a-program \[start\] \[options\]\n {2}a-program COMMAND$/m);
  });

  test('names the value of each option, its choices, its default and whether it can be given again', async () => {
    const text = await help('-h');
    expect(text).toMatch(/^ {2}-l, --listen ADDR:PORT +Where it listens \(repeatable\)$/m);
    expect(text).toMatch(/^ {6}--level low\|high +How much it says \(default low\)$/m);
    expect(text).toMatch(/^ {6}--wait TIME +How long it waits \(default 5s\)$/m);
    expect(text).toMatch(/^ {6}--key TEXT +Its key$/m);
    expect(text).toMatch(/^ {2}TIME +500ms, 30s, 1h30m or 7d$/m);
    expect(text).toMatch(/^ {2}a-program say hello\n {6}greet$/m);
  });

  test('of a command has its words, its own options and examples, and nothing of other commands', async () => {
    const text = await help('say', 'a', '--help');
    expect(text).toMatch(/^Usage:\n {2}a-program say \[WORD\] \[options\]$/m);
    expect(text).toMatch(/^Arguments:\n {2}\[WORD\] +What is said$/m);
    expect(text).toMatch(/^ {2}-p, --port PORT/m);
    expect(text).toMatch(/^ {2}a-program say hello$/m);
    expect(text).not.toMatch(/--listen|a-program config|--version/);
    expect(await help('config', '--help')).toMatch(/^ {2}a-program config COMMAND$/m);
  });

  test('is printed for a command line that lacks an argument, but not for a word after --', async () => {
    expect(await help('config', 'check', '--help')).toMatch(/^ {2}a-program config check FILE/m);
    expect(await help('say', '--', '--help')).toBe('--help\n');
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

  test.each(['bash', 'zsh', 'fish'])('print for completion %s a script that asks the program', async (shell) => {
    expect((await run('completion', shell)).stdout).toMatch(/__complete/);
  });
});
