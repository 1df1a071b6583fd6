import { describe, expect, test } from '@jest/globals';
import {
  ConfigurationError,
  defineSchema,
  formatConfiguration,
  loadConfiguration,
  option,
  writtenValues,
} from '../src/index.js';
import { file } from './folder.js';

const schema = defineSchema(
  {
    config: option({ format: 'path', file: false, doc: 'The file' }),
    key: option({ format: 'string', secret: true, doc: 'The key' }),
    verbose: option({ format: 'boolean', default: false, doc: 'Say more' }),
    idle: option({ format: 'duration', default: '30s', doc: 'When it ends' }),
    tags: option({ format: 'string', array: true, doc: 'Words' }),
    limits: {
      sessions: option({ format: 'integer', default: 5, doc: 'How many' }),
      share: option({ format: 'decimal', default: 0.5, doc: 'How much' }),
    },
  },
  { program: 'a-program', environmentPrefix: 'A_' },
);
const INPUTS = {
  flags: { key: 'hunter2', verbose: true, 'limits-share': '0.25' },
  environment: { A_LIMITS_SESSIONS: '7', A_TAGS: '1 true b' },
};

describe('a configuration that is written as a file', () => {
  test('has values of flags and the environment as a file has them, and no secrets', () => {
    expect(writtenValues(schema, loadConfiguration(schema, INPUTS))).toEqual({
      verbose: true,
      idle: '30s',
      tags: ['1', 'true', 'b'],
      limits: { sessions: 7, share: 0.25 },
    });
  });

  test('is valid, and gives the same values as its sources', () => {
    const whole = loadConfiguration(schema, INPUTS);
    const text = formatConfiguration(schema, whole);
    expect(text).toMatch(/^# key is a secret and is left out here \(flag --key\)\n/);
    expect(text).not.toContain('hunter2');
    expect(loadConfiguration(schema, { file: file('written.toml', text), flags: { key: 'hunter2' } }).values).toEqual(
      whole.values,
    );
  });

  test('has the values that the program takes for options without one', () => {
    const text = formatConfiguration(schema, loadConfiguration(schema), { state: '/var/lib/a' });
    expect(text).toMatch(/^state = "\/var\/lib\/a"$/m);
  });
});

test('a variable for an option that only a flag gives is an error that names the flag', () => {
  const flagOnly = defineSchema(
    { status: option({ format: 'boolean', default: false, environment: false, doc: 'Show it' }) },
    { program: 'a-program', environmentPrefix: 'A_' },
  );
  const load = (): unknown => loadConfiguration(flagOnly, { environment: { A_STATUS: '1' } });
  expect(load).toThrow(ConfigurationError);
  expect(load).toThrow('environment: A_STATUS means nothing: give --status instead');
});
