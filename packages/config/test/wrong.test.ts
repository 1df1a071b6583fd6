import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stringify as toToml } from 'smol-toml';
import { stringify as toYaml } from 'yaml';
import { ConfigurationError } from '../src/index.js';
import { everyOption, schema } from './relay.js';
import type { Given } from './wrong.js';
import { problemsOf, told } from './wrong.js';

const writers = {
  toml: (data: object): string => toToml(data),
  yaml: (data: object): string => toYaml(data),
  json: (data: object): string => JSON.stringify(data),
};

interface Vector {
  readonly given: Given;
  readonly problems: readonly string[];
}

const vectors = JSON.parse(
  readFileSync(new URL('vectors/wrong-configurations.json', import.meta.url), 'utf8'),
) as readonly Vector[];

describe('a wrong configuration is told whole, each mistake with its key, value, place and expectation', () => {
  test('there are at least a hundred vectors of wrong configurations', () =>
    expect(vectors.length).toBeGreaterThanOrEqual(100));

  test.each(vectors.map(({ given, problems }) => [JSON.stringify(given), given, problems] as const))(
    '%s',
    (_, given, problems) => {
      expect(problemsOf(given).map(told)).toEqual(problems);
      // The vectors hide every secret in this word.
      expect(JSON.stringify(problemsOf(given))).not.toContain('hush');
    },
  );
});

describe('for every mixture of right and wrong values in any sources', () => {
  // Wrong for every format of the schema.
  const wrongData = fc.constantFrom<unknown>(-7, 1.25e300, '', [[]], { a: 1 }, '\u0007 no value');
  const wrongText = fc.constantFrom('', '\u0007 no value', ' ');
  const keys = schema.options.filter(({ inFile, path }) => inFile && path.length === 1).map(({ key }) => key);
  const choices = fc.record({
    file: fc.dictionary(fc.constantFrom(...keys), fc.option(wrongData), { maxKeys: 6 }),
    environment: fc.uniqueArray(fc.constantFrom(...keys), { maxLength: 4 }),
    flags: fc.uniqueArray(fc.constantFrom(...keys), { maxLength: 4 }),
    unknown: fc.uniqueArray(fc.stringMatching(/^q[a-z]{8,12}$/), { maxLength: 3 }),
    ending: fc.constantFrom('toml' as const, 'yaml' as const, 'json' as const),
    text: wrongText,
  });

  test('the problems are exactly the mistakes that were made, with their sources', () => {
    fc.assert(
      fc.property(choices, ({ file, environment, flags, unknown, ending, text }) => {
        const expected: string[] = [];
        const data: Record<string, unknown> = {};
        for (const [key, wrong] of Object.entries(file)) {
          data[key] = wrong ?? everyOption[key as keyof typeof everyOption];
          if (wrong !== null) expected.push(`${key} file`);
        }
        for (const key of unknown) {
          data[key] = 'x';
          expected.push(`${key} file`);
        }
        const options = schema.options;
        const given: Record<string, string> = {};
        for (const { key, environment: name } of options.filter((option) => environment.includes(option.key))) {
          if (name === undefined || isEmptyList(key, text)) continue;
          given[name] = text;
          expected.push(`${key} environment ${name}`);
        }
        const asked: Record<string, unknown> = {};
        for (const { key, flag } of options.filter((option) => flags.includes(option.key))) {
          if (flag === undefined) continue;
          asked[flag] = text;
          expected.push(`${key} flag --${flag}`);
        }
        const written = writers[ending](data);
        const problems = problemsOf({ [ending]: written, environment: given, flags: asked });
        const found = problems.map(
          ({ key, position, source }) => `${key.replace(/[.[].*$/, '')} ${position ? 'file' : source}`,
        );
        expect(new Set(found.filter((problem) => !problem.startsWith('server default')))).toEqual(new Set(expected));
      }),
    );
  });

  /** Blanks separate the values of an array in the environment: there are none in these. */
  function isEmptyList(key: string, text: string): boolean {
    return (
      text.trim() === '' &&
      schema.options.some((option) => option.key === key && option.option.definition.array === true)
    );
  }
});

describe('what is told is safe to print', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom(
      '\u001b[31mred',
      'a\nb',
      '\u202egnp.exe',
      '\u2028',
      '\ud800',
      '\u{e0041}',
      'x'.repeat(10_000),
      '\u009b1m',
    ),
  );

  test('each problem is one short line without control, direction or lone surrogate characters', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(nasty, fc.constant('listen')), fc.oneof(nasty, fc.array(nasty))),
        nasty,
        (data, flag) => {
          const problems = problemsOf({
            json: JSON.stringify(data),
            flags: { server: 'x', engine: flag, forward: [flag] },
          });
          const { message } = new ConfigurationError(problems);
          expect(message.split('\n')).toHaveLength(problems.length);
          for (const problem of problems) {
            expect(JSON.stringify(problem)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
            expect(problem.message.length).toBeLessThan(2000);
          }
        },
      ),
    );
  });

  test('the name of a file is escaped like a value', () => {
    const [problem] = problemsOf({ flags: { server: 'x', config: 'a\u202eb.toml' } });
    expect(problem?.message).toBe('a\\u202eb.toml: cannot be read: no such file');
  });
});
