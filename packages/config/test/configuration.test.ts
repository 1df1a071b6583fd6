import { describe, expect, test } from '@jest/globals';
import {
  checkFile,
  defineSchema,
  differences,
  formatSources,
  loadConfiguration,
  option,
  refuse,
} from '../src/index.js';
import type { Format, Values } from '../src/index.js';
import { file } from './folder.js';
import { schema } from './relay.js';

const server = 'relay://hush@example.com:1';

describe('values', () => {
  test('flags win over the environment, the environment over the file, the file over defaults', () => {
    const path = file('order.toml', 'server = "in the file"\nport = 1\nidle = "1s"\nlogLevel = "debug"\n');
    const environment = { RELAY_PORT: '2', RELAY_IDLE: '2s', OTHER: 'x' };
    const { values, sources } = loadConfiguration(schema, {
      file: path,
      environment,
      flags: { idle: '3s', _: [], $0: 'x' },
    });
    expect([values.engine, values.logLevel, values.port, values.idle]).toEqual(['auto', 'debug', 2, 3000]);
    expect(['engine', 'logLevel', 'port', 'idle'].map((key) => sources.get(key)?.source)).toEqual([
      'default',
      `${path}:4:12`,
      'environment RELAY_PORT',
      'flag --idle',
    ]);
  });

  test('values have the types of their formats, and all of them are frozen', () => {
    const { values } = loadConfiguration(schema, { flags: { server, forward: ['127.0.0.1:5353=192.0.2.1:53'] } });
    const typed: {
      readonly listen: { readonly address: string; readonly port: number };
      readonly engine: 'auto' | 'native' | 'dgram';
      readonly peer: string | undefined;
      readonly limits: { readonly sessions: number; readonly bandwidth: number | undefined };
      readonly forward: readonly { readonly target: { readonly host: string }; readonly idle: number }[];
      readonly verbose: boolean;
    } = values;
    const same: Values<typeof schema> = values;
    expect(typed.forward).toEqual([
      {
        listen: { address: '127.0.0.1', first: 5353, last: 5353 },
        target: { host: '192.0.2.1', first: 53, last: 53 },
        idle: 120_000,
        maxFlows: 4096,
      },
    ]);
    for (const part of [same, same.limits, same.listen, same.forward, same.forward[0]?.target]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  test('an option that may be given several times is one flag each, words in the environment, an array in a file', () => {
    const blocks = (inputs: object): number[] =>
      loadConfiguration(schema, { flags: { server }, ...inputs }).values.allow.map((block) => block.prefix);
    expect(blocks({ flags: { server, allow: '10.0.0.0/8' } })).toEqual([8]);
    expect(blocks({ flags: { server, allow: ['10.0.0.0/8', '::/0'] } })).toEqual([8, 0]);
    expect(blocks({ environment: { RELAY_ALLOW: ' 10.0.0.0/8\n::/0 ' } })).toEqual([8, 0]);
    expect(blocks({ environment: { RELAY_ALLOW: '' } })).toEqual([]);
    expect(blocks({ file: file('a.yaml', 'allow: [10.0.0.0/8, "::/0"]') })).toEqual([8, 0]);
    expect(blocks({})).toEqual([]);
  });

  test.each(['empty.toml', 'empty.yaml', 'comment.yml'])('the file %s is valid and gives no value', (name) => {
    expect(
      loadConfiguration(schema, { file: file(name, name === 'comment.yml' ? '# nothing\n' : ''), flags: { server } })
        .values.port,
    ).toBe(9100);
  });

  test('a file is named by an option, a flag before a variable', () => {
    const [one, two] = [file('one.toml', 'port = 1'), file('two.json', '{"port": 2}')];
    const load = (flags: object, environment = {}): number =>
      loadConfiguration(schema, { fileOption: 'config', flags: { server, ...flags }, environment }).values.port;
    expect([
      load({ config: one }),
      load({}, { RELAY_CONFIG: two }),
      load({ config: one }, { RELAY_CONFIG: two }),
    ]).toEqual([1, 2, 1]);
  });

  test('a file that is no UTF-8 text, or too large, is refused', () => {
    const problems = (name: string, content: Uint8Array): string[] =>
      checkFile(schema, file(name, content)).map(({ message }) => message.replace(/^.*: /, ''));
    expect(problems('latin.toml', Uint8Array.of(0x61, 0x3d, 0x22, 0xff, 0x22))).toEqual(['is no UTF-8 text']);
    expect(problems('large.toml', new Uint8Array(1_048_577).fill(0x0a))).toEqual(['is larger than 1 MiB']);
    expect(problems('fits.toml', new Uint8Array(1_048_576).fill(0x0a))).toEqual([]);
  });

  test('checkFile takes a file whose missing options may come from elsewhere', () => {
    expect(checkFile(schema, file('part.toml', 'port = 1'))).toEqual([]);
    expect(checkFile(schema, file('bad.toml', 'port = "1"')).map(({ key, kind }) => [key, kind])).toEqual([
      ['port', 'wrong-value'],
    ]);
  });

  test('variables of a sibling program are ignored, however similar', () => {
    const environment = { RELAY_LISTN: 'x', RELAY_STATUS: 'x', RELAY_PUBLISH_ALL: 'x' };
    expect(() => loadConfiguration(schema, { flags: { server }, environment })).toThrow('did you mean RELAY_LISTEN?');
    expect(
      loadConfiguration(schema, { flags: { server }, environment, foreignEnvironment: ['RELAY_LISTN'] }).values.port,
    ).toBe(9100);
  });
});

describe('a format of one’s own', () => {
  const even: Format<number> = {
    name: 'even',
    expected: 'an even number',
    parse: (value) =>
      Number(value) % 2 === 0 ? Number(value) : refuse(`an even number, unlike ${String(value)}`, '42'),
  };
  const pair = defineSchema(
    {
      shown: option({ format: even, default: 2, doc: 'Shown.' }),
      hidden: option({ format: even, secret: true, doc: 'Hidden.' }),
    },
    { program: 'pair' },
  );

  test('a custom format gives its value and its suggestion', () => {
    const { shown } = loadConfiguration(pair, { flags: { shown: '4' } }).values;
    expect(shown satisfies number).toBe(4);
    expect(() => loadConfiguration(pair, { flags: { shown: '3' } })).toThrow(
      'flag --shown: shown: expected an even number, unlike 3, not "3"; did you mean 42?',
    );
  });

  test('a custom format that quotes a secret does not reveal it', () => {
    expect(() => loadConfiguration(pair, { environment: { PAIR_HIDDEN: '777' } })).toThrow(
      /^environment PAIR_HIDDEN: hidden: expected an even number, not \(hidden\)$/,
    );
  });
});

describe('sources', () => {
  test('formatSources shows sources in columns, with secrets hidden', () => {
    const small = defineSchema(
      {
        listen: option({ format: 'endpoint', default: '[::]:7878', doc: 'x' }),
        key: option({ format: 'string', secret: true, default: 'hush', doc: 'x' }),
        limits: { idle: option({ format: 'duration', doc: 'x' }), size: option({ format: 'bytes', doc: 'x' }) },
      },
      { program: 'small' },
    );
    const configuration = loadConfiguration(small, {
      flags: { 'limits-idle': '3s' },
      environment: { SMALL_KEY: 'hush' },
    });
    expect(formatSources(configuration)).toBe(
      [
        'listen      = "[::]:7878"  default',
        'key         = (hidden)     environment SMALL_KEY',
        'limits.idle = "3s"         flag --limits-idle',
        '',
      ].join('\n'),
    );
  });
});

describe('differences', () => {
  const before = loadConfiguration(schema, { flags: { server } });

  test('differences name each changed option, its typed values, and whether it applies live', () => {
    const after = loadConfiguration(schema, {
      flags: { server: 'other hush', 'log-level': 'debug', 'limits-sessions': '5' },
    });
    const found = differences(schema, before, after);
    expect(found.map(({ key, isLive, message }) => [key, isLive, message])).toEqual([
      ['server', false, 'server: (hidden) -> (hidden) (flag --server)'],
      ['logLevel', true, 'logLevel: "info" -> "debug" (flag --log-level)'],
      ['limits.sessions', true, 'limits.sessions: 1000 -> "5" (flag --limits-sessions)'],
    ]);
    for (const difference of found) {
      // The key tells the type.
      if (difference.key === 'logLevel') expect(difference.after satisfies string).toBe('debug');
      if (difference.key === 'limits.sessions') expect(difference.after satisfies number).toBe(5);
    }
  });

  test('there are no differences if the same values come from another source', () => {
    const path = file('same.toml', `server = "${server}"\nidle = "120s"\nforward = []\n`);
    expect(differences(schema, before, loadConfiguration(schema, { file: path }))).toEqual([]);
  });
});

describe('a schema that is wrong itself is refused where it is written', () => {
  const doc = 'x';
  test.each([
    ['a key that is no camelCase word', () => ({ 'log-level': option({ format: 'level', doc }) }), 'camelCase'],
    ['a key that objects have', () => ({ constructor: option({ format: 'level', doc }) }), 'camelCase'],
    ['__proto__ as a key', () => ({ ['__proto__']: option({ format: 'level', doc }) }), 'camelCase'],
    [
      'two options of one flag',
      () => ({ aB: option({ format: 'port', doc }), a: { b: option({ format: 'port', doc }) } }),
      'both spelt --a-b',
    ],
    [
      'two options of one letter',
      () => ({ a: option({ format: 'port', doc, alias: 'x' }), b: option({ format: 'port', doc, alias: 'x' }) }),
      'both spelt -x',
    ],
    ['an alias of two letters', () => ({ a: option({ format: 'port', doc, alias: 'xy' }) }), 'one letter'],
    [
      'a default that is no value',
      () => ({ a: option({ format: 'port', doc, default: '80' }) }),
      'A default is not a port',
    ],
    [
      'a default of what must be given',
      () => ({ a: option({ format: 'port', doc, default: 80, required: true }) }),
      'A required option has no default',
    ],
  ])('defineSchema refuses %s', (_, tree, message) => {
    expect(() => defineSchema(tree(), { program: 'x' })).toThrow(message);
  });

  test('keys with a meaning to convict are ordinary keys', () => {
    const odd = defineSchema(
      {
        default: option({ format: 'port', default: 1, doc }),
        env: { default: option({ format: 'port', default: 2, doc }), format: option({ format: 'port', doc }) },
      },
      { program: 'odd' },
    );
    expect(loadConfiguration(odd, { flags: { 'env-format': '3' } }).values).toEqual({
      default: 1,
      env: { default: 2, format: 3 },
    });
  });
});

test('the compiler refuses a field that no option has', () => {
  // @ts-expect-error `defualt` is no field of an option.
  const misspelt = option({ format: 'port', doc: 'x', defualt: 80 });
  // @ts-expect-error `prot` is no format.
  expect(() => option({ format: 'prot', doc: 'x' })).toThrow(TypeError);
  expect(misspelt.default).toBeUndefined();
});
