import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import yargs from 'yargs';
import { loadConfiguration, yargsOptions } from '../src/index.js';
import { file } from './folder.js';
import { schema } from './relay.js';
import { problemsOf } from './wrong.js';
import type { Given } from './wrong.js';

// Nothing that is read may change what objects are: the prototypes are compared before and after
// each attempt.
const prototypes = [Object.prototype, Array.prototype, String.prototype, Function.prototype, Map.prototype];
const snapshot = (): string => JSON.stringify(prototypes.map((prototype) => Object.getOwnPropertyNames(prototype)));
let before: string;
beforeEach(() => {
  before = snapshot();
});
afterEach(() => {
  expect(snapshot()).toBe(before);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

describe('prototype pollution through', () => {
  test.each<[string, Given]>([
    ['JSON: __proto__', { json: '{"__proto__": {"polluted": 1}}' }],
    ['JSON: constructor', { json: '{"constructor": {"prototype": {"polluted": 1}}}' }],
    [
      'JSON: within a group',
      { json: '{"limits": {"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}}' },
    ],
    ['JSON: within a table', { json: '{"forward": [{"target": "a:1", "__proto__": {"polluted": 1}}]}' }],
    ['JSON: a table’s prototype instead of its fields', { json: '{"forward": [{"__proto__": {"target": "a:1"}}]}' }],
    ['JSON: as a value', { json: '{"port": {"__proto__": {"polluted": 1}}}' }],
    ['JSON: escaped', { json: '{"\\u005f_proto__": {"polluted": 1}}' }],
    ['TOML: a header', { toml: '[__proto__]\npolluted = 1' }],
    ['TOML: a longer header', { toml: '[constructor.prototype]\npolluted = 1' }],
    ['TOML: a dotted key', { toml: '__proto__.polluted = 1' }],
    ['TOML: a quoted key', { toml: '"__proto__" = { polluted = 1 }' }],
    ['TOML: an array of tables', { toml: '[[__proto__]]\npolluted = 1' }],
    ['TOML: within a group', { toml: '[limits.__proto__]\npolluted = 1' }],
    ['TOML: within a table', { toml: '[[forward]]\ntarget = "a:1"\n__proto__.polluted = 1' }],
    ['YAML: a key', { yaml: '__proto__:\n  polluted: 1' }],
    ['YAML: constructor', { yaml: 'constructor: {prototype: {polluted: 1}}' }],
    ['YAML: a merge', { yaml: 'limits:\n  <<: {__proto__: {polluted: 1}}' }],
    ['YAML: an alias', { yaml: 'limits: &l\n  __proto__: {polluted: 1}\nbuffers: *l' }],
    ['YAML: within a table', { yaml: 'forward:\n  - target: a:1\n    __proto__: {polluted: 1}' }],
  ])('a key that names a prototype is refused as unknown: %s', (_, given) => {
    const kinds = problemsOf({ ...given, flags: { server: 'x' } }).map(({ kind, key }) => `${kind} ${key}`);
    expect(
      kinds.some((problem) =>
        /^(unknown-key .*(__proto__|constructor|<<)|wrong-value (port|forward\[0\]))$/.test(problem),
      ),
    ).toBe(true);
  });

  test('variables that name prototypes are ordinary variables', () => {
    const environment = JSON.parse('{"__proto__": "x", "RELAY___PROTO__": "x", "RELAY_CONSTRUCTOR": "x"}') as Record<
      string,
      string
    >;
    expect(problemsOf({ environment, flags: { server: 'x' } })).toEqual([]);
    const inherited = Object.create({ RELAY_PORT: '5' }) as Record<string, string>;
    expect(loadConfiguration(schema, { environment: inherited, flags: { server: 'x' } }).values.port).toBe(9100);
  });

  test.each([
    ['--__proto__.polluted=1'],
    ['--__proto__.polluted', '1'],
    ['--constructor.prototype.polluted=1'],
    ['--limits.__proto__.polluted=1'],
    ['--forward.__proto__.polluted=1'],
    ['--server.constructor.prototype.polluted=1'],
    ['--port.__proto__=5'],
  ])('flags that name prototypes change no prototype: %s', (...args) => {
    const flags = parsed([...args, '--server', 'x']);
    if (flags !== undefined) problemsOf({ flags });
    const inherited = Object.create({ port: '5' }) as Record<string, unknown>;
    inherited['server'] = 'x';
    expect(loadConfiguration(schema, { flags: inherited }).values.port).toBe(9100);
  });

  test('no document changes a prototype, at any place', () => {
    const key = fc.constantFrom(
      '__proto__',
      'constructor',
      'prototype',
      'polluted',
      'limits',
      'forward',
      'toString',
      'toJSON',
      'hasOwnProperty',
    );
    const { part } = fc.letrec<{ part: unknown }>((tie) => ({
      part: fc.oneof(
        { maxDepth: 5 },
        fc.constant(1),
        fc.array(tie('part'), { maxLength: 2 }),
        fc.array(fc.tuple(key, tie('part')), { maxLength: 3 }).map(rawTable),
      ),
    }));
    fc.assert(
      fc.property(part, (data) => {
        problemsOf({ json: serialize(data) });
        expect(snapshot()).toBe(before);
      }),
    );
  });

  test('a valid configuration has the prototypes of ordinary objects', () => {
    const { values } = loadConfiguration(schema, {
      file: file('right.json', '{"server": "x", "forward": ["a:1"], "tags": ["__proto__"]}'),
    });
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(values.forward[0])).toBe(Object.prototype);
    expect(values.tags).toEqual(['__proto__']);
  });
});

/** What yargs makes of arguments; `undefined` where it gives up (18.2 does on `--constructor`). */
function parsed(args: string[]): Record<string, unknown> | undefined {
  try {
    return yargs(args)
      .options(yargsOptions(schema))
      .exitProcess(false)
      .fail(false)
      .help(false)
      .version(false)
      .parseSync();
  } catch {
    return undefined;
  }
}

/** Pairs, so that `__proto__` is a key like others and keys may come twice. */
class RawTable {
  readonly pairs: readonly (readonly [string, unknown])[];
  constructor(pairs: readonly (readonly [string, unknown])[]) {
    this.pairs = pairs;
  }
}

function rawTable(pairs: readonly (readonly [string, unknown])[]): RawTable {
  return new RawTable([...new Map(pairs)]);
}

function serialize(data: unknown): string {
  if (data instanceof RawTable)
    return `{${data.pairs.map(([key, value]) => `"${key}":${serialize(value)}`).join(',')}}`;
  return Array.isArray(data) ? `[${data.map(serialize).join(',')}]` : JSON.stringify(data);
}
