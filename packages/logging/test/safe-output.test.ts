import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLogging, type LoggingOptions } from '../src/index.js';
import { MAX_LINE_BYTES } from '../src/record.js';
import { consoleRecords, consoleText } from './support/console.js';

/** What one call of `info` writes, as JSON. */
async function logged(fields: unknown, options: LoggingOptions = {}): Promise<Record<string, unknown>> {
  const { console, records } = consoleRecords();
  const logging = createLogging({ console, ...options });
  logging.logger('test').info('message', fields as Record<string, unknown>);
  await logging.close();
  expect(records()).toHaveLength(1);
  return records()[0] ?? {};
}

const cyclic: Record<string, unknown> = { name: 'loop', list: [] };
cyclic.self = cyclic;
(cyclic.list as unknown[]).push(cyclic);

const hostileProxy = new Proxy(
  {},
  {
    ownKeys: () => {
      throw new Error('trap');
    },
  },
);

function deep(levels: number): unknown {
  return levels === 0 ? 'bottom' : { down: deep(levels - 1) };
}

describe('fields of any kind make one safe line', () => {
  test.each<[string, unknown, unknown]>([
    ['a cyclic object', { cyclic }, { cyclic: { name: 'loop', list: ['[circular]'], self: '[circular]' } }],
    [
      'a throwing getter',
      Object.defineProperty({}, 'bad', { enumerable: true, get: () => fail() }),
      { bad: '[unreadable]' },
    ],
    ['a proxy that throws', { hostileProxy }, { hostileProxy: {} }],
    [
      'big integers, symbols, functions',
      { a: 10n, b: Symbol('s'), c: deep },
      { a: '10', b: 'Symbol(s)', c: '[function deep]' },
    ],
    ['numbers that JSON has not', { a: NaN, b: -Infinity, c: -0 }, { a: 'NaN', b: '-Infinity', c: 0 }],
    ['undefined and null', { a: undefined, b: null, c: [undefined] }, { b: null, c: [null] }],
    [
      'maps, sets and dates',
      { a: new Map([['k', 1]]), b: new Set([1]), c: new Date(0) },
      { a: [['k', 1]], b: [1], c: '1970-01-01T00:00:00.000Z' },
    ],
    ['a wrong date', { a: new Date(NaN) }, { a: 'Invalid Date' }],
    ['a toJSON that lies', { a: { toJSON: () => fail() } }, { a: { toJSON: '[function toJSON]' } }],
    [
      'names of the record',
      { time: 1, level: 2, scope: 3, message: 4 },
      { time_: 1, level_: 2, scope_: 3, message_: 4 },
    ],
    ['keys with controls', { 'a\n\x1b[2J': 1 }, { 'a\\n\\x1b[2J': 1 }],
    ['a text with controls', { a: '\x1b]0;title\x07\u202e' }, { a: '\\x1b]0;title\\x07\\u202e' }],
    ['no object at all', null, {}],
    ['a string for an object', 'ab', {}],
  ])('a record with a field of any kind is one safe line: %s', async (_name, fields, expected) => {
    const record = await logged(fields);
    expect(record).toMatchObject(expected as object);
    expect(record).toMatchObject({ level: 'info', scope: 'test', message: 'message' });
  });

  test('a key of a field does not reach a prototype', async () => {
    const record = await logged(
      JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'),
    );
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(record['[__proto__]']).toEqual({ polluted: true });
  });

  test('deep, wide or long fields are cut, and the line keeps its bound', async () => {
    expect(JSON.stringify(await logged({ deep: deep(100) }))).toContain('[too deep]');
    const wide = await logged({ wide: Array.from({ length: 100_000 }, (_, index) => index) });
    expect((wide.wide as unknown[]).at(-1)).toBe('…(+99936)');
    expect((await logged({ long: 'x'.repeat(10_000_000) })).long).toMatch(/^x{2048}…\(\+9997952\)$/);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, '\u6f22'.repeat(5000)]));
    const record = await logged(many);
    expect(record).toMatchObject({ message: 'message', leftOutBytes: expect.any(Number) });
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThanOrEqual(MAX_LINE_BYTES);
  });

  test.each([
    ['letters before no address', `://${'a'.repeat(5_000_000)}`],
    ['many schemes', 'a://'.repeat(1_000_000)],
    ['many quotes', `"'`.repeat(2_000_000)],
    ['control characters', '\x1b['.repeat(2_000_000)],
  ])('a huge text that attacks the patterns takes no long time: %s', async (_name, text) => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    for (let round = 0; round < 20; round++) logging.logger('test').error(text, { text, [text]: text });
    await logging.close();
    expect(records()).toHaveLength(2);
  });

  test('a secret at the place where a long text is cut is not written in part', async () => {
    const record = await logged({ text: `${'x'.repeat(2030)} relay://hush-hush-hush@192.0.2.1` });
    expect(record.text).not.toContain('hush');
  });

  test('any value at all becomes one safe line', async () => {
    const { console, text } = consoleText('json');
    const pretty = consoleText('pretty');
    const logging = createLogging({ console, repeatIntervalMs: 0 });
    const prettyLogging = createLogging({ console: pretty.console, repeatIntervalMs: 0 });
    let calls = 0;
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.object({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
        (message, fields) => {
          calls++;
          logging.logger('test').error(message, fields);
          prettyLogging.logger('test').error(message, fields);
        },
      ),
    );
    await Promise.all([logging.close(), prettyLogging.close()]);
    for (const written of [text(), pretty.text()]) {
      expect(written.split('\n')).toHaveLength(calls + 1);
      expect(written).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/);
    }
  });

  test('a message that is no text is logged as one', async () => {
    const { console, records } = consoleRecords();
    const logging = createLogging({ console });
    const logger: { info(message: unknown): void } = logging.logger('test');
    for (const message of [undefined, 5, { toString: undefined }, Symbol('s')]) logger.info(message);
    await logging.close();
    expect(records()).toHaveLength(4);
  });
});

describe('secrets', () => {
  test.each<[string, unknown]>([
    [
      'by key',
      { password: 'hush', clientSecret: 'hush', PRIVATE_KEY: 'hush', 'api-key': 'hush', presharedKey: 'hush' },
    ],
    ['deep inside', { a: [{ b: { token: 'hush' } }] }],
    ['in a URL', { from: 'relay://hush@192.0.2.1:7878?name=x', to: 'https://user:hush@host/' }],
    ['bytes', { a: Buffer.from('hush'), b: new Uint8Array([0x68]), c: new Float64Array(2).buffer }],
    ['in an error', { error: Object.assign(new Error('no relay://hush@h'), { secret: 'hush' }) }],
  ])('secrets are not written: %s', async (_name, fields) => {
    const line = JSON.stringify(await logged(fields));
    expect(line).not.toContain('hush');
    expect(line).toMatch(/\[redacted\]|\[4 bytes\]/);
  });

  test('keys of node:crypto and the Web Crypto API are not written', async () => {
    const { privateKey } = generateKeyPairSync('x25519');
    const key = await webcrypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
    expect(await logged({ a: privateKey, b: [key] })).toMatchObject({ a: '[redacted]', b: ['[redacted]'] });
  });

  test('a program adds secrets by key and by type', async () => {
    class Password {
      readonly text = 'hush';
    }
    const redact = { keys: ['Pin-Code'], types: [Password] };
    const record = await logged({ pinCode: 1234, nested: { a: new Password() }, publicKey: 'fine' }, { redact });
    expect(record).toMatchObject({ pinCode: '[redacted]', nested: { a: '[redacted]' }, publicKey: 'fine' });
  });
});

function fail(): never {
  throw new Error('never call me');
}
