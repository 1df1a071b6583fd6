import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { choice, completionScript, defineSchema, option } from '../src/index.js';
import { file } from './folder.js';
import { schema } from './relay.js';

const commands = { start: 'Run in the foreground', status: "Show what's going on", stop: 'End it: at once' };

describe('completion in bash', () => {
  const script = file('completion.bash', completionScript(schema, 'bash', { commands }));

  /** What bash itself offers for words of which the last is being typed. */
  function offered(...words: string[]): string[] {
    const list = words.map((word) => `'${word}'`).join(' ');
    const run = `source '${script}'; COMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _relay_demo_completion; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = execFileSync('bash', ['--norc', '-c', run], {
      encoding: 'utf8',
      cwd: new URL('.', import.meta.url).pathname,
    });
    return output.split('\n').filter((line) => line !== '');
  }

  test.each<[string[], string[]]>([
    [
      ['relay-demo', 'st'],
      ['start', 'status', 'stop'],
    ],
    [
      ['relay-demo', '--log'],
      ['--log-level', '--log-file'],
    ],
    [['relay-demo', '--no-v'], ['--no-verbose']],
    [
      ['relay-demo', '--engine', ''],
      ['auto', 'native', 'dgram'],
    ],
    [['relay-demo', 'start', '--engine', 'n'], ['native']],
    [['relay-demo', '--engine', '=', 'd'], ['dgram']],
    [
      ['relay-demo', '--engine', '='],
      ['auto', 'native', 'dgram'],
    ],
    [['relay-demo', '--listen', ''], []],
    [['relay-demo', '-s', 'st'], []],
    [['relay-demo', '-c', 'rel'], ['relay.ts']],
    [['relay-demo', '--state', 'v'], ['vectors']],
    [
      ['relay-demo', '--verbose', 'sta'],
      ['start', 'status'],
    ],
  ])('bash completes %j by %j', (words, expected) => expect(offered(...words)).toEqual(expected));
});

describe('completion scripts', () => {
  const odd = defineSchema(
    { mode: option({ format: choice(['plain', '$(touch /tmp/x)', "it's"]), doc: "It's [odd]: `$x` \\" }) },
    { program: 'odd-tool' },
  );

  test.each(['bash', 'zsh', 'fish'] as const)(
    'the %s script has every flag, and offers no word that a shell expands',
    (shell) => {
      const script = completionScript(schema, shell, { commands });
      for (const { flag } of schema.options) if (flag !== undefined) expect(script).toContain(flag);
      expect(completionScript(odd, shell)).not.toContain('touch');
    },
  );

  test('completionScript refuses a program or command that is no plain word', () => {
    expect(() => completionScript(odd, 'bash', { commands: { 'a b': 'x' } })).toThrow('"a b" is no plain word');
  });
});
