import { describe, expect, test } from '@jest/globals';
import yargs from 'yargs';
import type { Options } from 'yargs';
import { ConfigurationError, loadConfiguration, yargsOptions } from '../src/index.js';
import { schema } from './relay.js';

const options: Record<string, Options> = yargsOptions(schema);

function load(
  ...args: string[]
): ReturnType<typeof loadConfiguration<typeof schema extends { valuesType?: infer V } ? V : never>>['values'] {
  const flags = yargs(['--server', 'x', ...args])
    .options(options)
    .strict()
    .exitProcess(false)
    .fail(false)
    .parseSync();
  return loadConfiguration(schema, { flags }).values;
}

describe('flags by yargs', () => {
  test('yargs passes on flags that are long, short, joined and repeated', () => {
    const values = load(
      '--port',
      '80',
      '-i',
      '-f',
      'a:1',
      '--forward=127.0.0.1:2=b:2',
      '--limits-sessions=7',
      '--log-level',
      'debug',
    );
    expect(values.port).toBe(80);
    expect(values.interactive).toBe(true);
    expect(values.forward.map(({ target }) => target.host)).toEqual(['a', 'b']);
    expect(values.limits.sessions).toBe(7);
    expect(values.logLevel).toBe('debug');
  });

  test('a boolean flag takes no value from the next word, and can be turned off', () => {
    expect(load('--verbose', '--port', '80').verbose).toBe(true);
    expect(load('--no-verbose').verbose).toBe(false);
    expect(load().verbose).toBe(false);
    expect(() => load('--verbose=no')).toThrow('Argument unexpected');
  });

  test.each([
    [['--port', '80x'], '"80x"'],
    [['--port', '0x50'], '"0x50"'],
    [['--port', '080'], '"080"'],
    [['--port', '8e1'], '"8e1"'],
    [['--port='], '""'],
    [['--port'], '""'],
    [['--listen', '--verbose'], '""'],
    [['--no-port'], '"false"'],
  ])('yargs converts nothing: %j', (args, value) => {
    expect(() => load(...args)).toThrow(ConfigurationError);
    expect(() => load(...args)).toThrow(`not ${value}`);
  });

  test('help shows defaults as a user writes them, and no secret ones', async () => {
    const help = await yargs([]).options(options).getHelp();
    expect(help).toContain('[default: [::]:7878]');
    expect(help).toContain('[default: ~/.local/state/relay]');
    expect(help).toMatch(/^Options:\n[^]*^Mappings:\n\s+-f, --forward +What is carried\. \(repeatable\)/m);
  });
});
