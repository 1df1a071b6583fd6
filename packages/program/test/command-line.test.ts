import { describe, expect, test } from '@jest/globals';
import { defineSchema, option } from '@relay/config';
import type { CommandModule } from 'yargs';
import { completionCommand, configCommand, printResult, runCommandLine, type Flags } from '../src/index.js';
import { captured } from './captured.js';

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
      .option('json', { type: 'boolean' })
      .option('log-level', { type: 'string' }),
  handler: ({ word, port, json }) => printResult({ json }, { word, port }, (said) => [String(said.word)]),
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
    [['say', '--colour', 'red'], /^a-program: Unknown argument: colour .*--help lists commands and options\)\n$/],
    [['sya'], /^a-program: Unknown (?:command|argument): sya \(did you mean say\?\)\n$/],
    [['say', '--prot=1'], /^a-program: Unknown argument: prot \(did you mean --port\?\)\n$/],
    [['--', 'config', 'show', '--sorces'], /^a-program: Unknown argument: sorces \(did you mean --sources\?\)\n$/],
    [['config'], /^a-program: config needs a command: check, show/],
    [['config', 'chekc', 'x'], /^a-program: Unknown arguments: chekc, x \(did you mean check\?\)\n$/],
    [['config', 'check'], /^a-program: Not enough non-option arguments/],
    [['completion', 'csh'], /^a-program: Invalid values: /],
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

describe('the commands that programs share', () => {
  test('hide secrets in config show and name the source of each value if asked', async () => {
    expect((await run('config', 'show', '--key', 'hunter2')).stdout).toMatch(/^port = 53\nkey = (?!.*hunter2).*\n$/);
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
