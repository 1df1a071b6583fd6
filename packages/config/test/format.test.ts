import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  bitRate,
  bytes,
  choice,
  duration,
  FORMATS,
  integer,
  list,
  option,
  port,
  rate,
  Refusal,
  text,
} from '../src/index.js';
import { optionJsonSchema } from '../src/json-schema.js';
import type { Form, Format } from '../src/index.js';

const UINT = { min: 0, max: 2 ** 32 - 1 };

function parse(format: Format<unknown>, value: unknown, form: Form): unknown {
  const result = format.parse(value, form);
  return result instanceof Refusal ? 'refused' : result;
}

describe('a format accepts, as text and as data', () => {
  test.each<[keyof typeof FORMATS, string, unknown]>([
    ['address', '192.0.2.1', '192.0.2.1'],
    ['address', '2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['address', '::ffff:192.0.2.1', '192.0.2.1'],
    ['address', '::ffff:c000:201', '192.0.2.1'],
    ['address', '::192.0.2.1', '::c000:201'],
    ['address', '64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['address', 'fe80::1%eth0', 'fe80::1%eth0'],
    ['cidr', '10.0.0.0/8', { address: '10.0.0.0', prefix: 8 }],
    ['cidr', '0.0.0.0/0', { address: '0.0.0.0', prefix: 0 }],
    ['cidr', '192.0.2.1', { address: '192.0.2.1', prefix: 32 }],
    ['cidr', '2001:db8::/32', { address: '2001:db8::', prefix: 32 }],
    ['cidr', '::/0', { address: '::', prefix: 0 }],
    ['endpoint', '[::]:7878', { address: '::', port: 7878 }],
    ['endpoint', '0.0.0.0:7878', { address: '0.0.0.0', port: 7878 }],
    ['endpoint', '127.0.0.1:0', { address: '127.0.0.1', port: 0 }],
    ['endpoint', '[fe80::1%eth0]:53', { address: 'fe80::1%eth0', port: 53 }],
    ['endpoint', '[::ffff:127.0.0.1]:53', { address: '127.0.0.1', port: 53 }],
    ['hostEndpoint', 'Example.COM:53', { host: 'example.com', port: 53 }],
    ['hostEndpoint', 'my_host.local.:53', { host: 'my_host.local.', port: 53 }],
    ['hostEndpoint', '[2001:DB8::1]:53', { host: '2001:db8::1', port: 53 }],
    ['host', 'example.com', { host: 'example.com' }],
    ['host', '192.0.2.1', { host: '192.0.2.1' }],
    ['host', '[2001:db8::1]', { host: '2001:db8::1' }],
    ['host', 'example.com:7878', { host: 'example.com', port: 7878 }],
    ['endpointRange', '0.0.0.0:27000-27010', { address: '0.0.0.0', first: 27000, last: 27010 }],
    ['endpointRange', '[::]:53', { address: '::', first: 53, last: 53 }],
    ['hostEndpointRange', 'host:27000-27010', { host: 'host', first: 27000, last: 27010 }],
    ['ports', '53', [{ first: 53, last: 53 }]],
    [
      'ports',
      '53,27000-27100',
      [
        { first: 53, last: 53 },
        { first: 27000, last: 27100 },
      ],
    ],
    ['duration', '0s', 0],
    ['duration', '500ms', 500],
    ['duration', '1h30m', 5_400_000],
    ['duration', '7d', 604_800_000],
    ['bytes', '0', 0],
    ['bytes', '1500', 1500],
    ['bytes', '1500B', 1500],
    ['bytes', '64KiB', 65_536],
    ['bytes', '10MB', 10_000_000],
    ['rate', '100/s', 100],
    ['rate', '30/min', 0.5],
    ['rate', '5k/s', 5000],
    ['bitRate', '64kbit/s', 64_000],
    ['level', 'info', 'info'],
    ['level', 'info,session=debug,relay.flow=trace', 'info,session=debug,relay.flow=trace'],
    ['path', '/var/log/relay.log', '/var/log/relay.log'],
    ['directory', 'a folder', 'a folder'],
    ['string', 'ß', 'ß'],
  ])('the format %s accepts %j as text and as data', (name, value, expected) => {
    expect(parse(FORMATS[name], value, 'text')).toEqual(expected);
    expect(parse(FORMATS[name], value, 'data')).toEqual(expected);
  });

  test.each<[keyof typeof FORMATS, string, unknown]>([
    ['port', '80', 80],
    ['integer', '-12', -12],
    ['integer', '-0', 0],
    ['decimal', '0.25', 0.25],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['bytes', '1500', 1500],
  ])('the format %s accepts %j as text, and its value as data', (name, value, expected) => {
    expect(parse(FORMATS[name], value, 'text')).toBe(expected);
    expect(parse(FORMATS[name], expected, 'data')).toBe(expected);
  });
});

describe('a format refuses, rather than guess', () => {
  test.each<[keyof typeof FORMATS, unknown[]]>([
    [
      'address',
      [
        '',
        '010.0.0.1',
        '0x7f.0.0.1',
        '127.1',
        '2130706433',
        '1.2.3.256',
        '1.2.3',
        '1.2.3.4.',
        ' 1.2.3.4',
        '[::1]',
        '::1%lo',
        '1.2.3.4%a',
        '::ffff:1.2.3.04',
        ':::',
        '1::2::3',
        'fe80::1%',
        'fe80::1%a%b',
        'localhost',
        '١.٢.٣.٤',
      ],
    ],
    [
      'cidr',
      [
        '10.0.0.1/8',
        '10.0.0.0/33',
        '10.0.0.0/08',
        '10.0.0.0/',
        '10/8',
        '::ffff:10.0.0.0/104',
        '2001:db8::1/32',
        '::/129',
        '::/-1',
        'fe80::%eth0/64',
        '10.0.0.0/8/8',
      ],
    ],
    [
      'endpoint',
      [
        '80x',
        '80',
        ':80',
        '127.0.0.1',
        '127.0.0.1:',
        '127.0.0.1:65536',
        '127.0.0.1:080',
        '::1:53',
        '[127.0.0.1]:53',
        '[::1]',
        '[::1]53',
        'localhost:53',
        '*:53',
        '127.0.0.1:53 ',
        '127.0.0.1:+53',
        '127.0.0.1:5e1',
      ],
    ],
    [
      'hostEndpoint',
      [
        'example.com',
        'example.com:0',
        '127.1:53',
        '0x7f.1:53',
        '017700000001:53',
        'exa mple:53',
        '-a.com:53',
        'a..b:53',
        `${'a'.repeat(64)}.b:53`,
        `${'abc.'.repeat(64)}d:53`,
        'http://a:53',
        'a:b:53',
        '',
      ],
    ],
    ['host', ['', 'a b', 'example.com:', '::1', 'example.com:99999']],
    [
      'endpointRange',
      ['0.0.0.0:10-9', '0.0.0.0:0', '0.0.0.0:1-2-3', '0.0.0.0:1-', '0.0.0.0:-2', 'a:1-2', '0.0.0.0:1-65536'],
    ],
    ['hostEndpointRange', ['a', 'a:2-1', 'a:1,2']],
    ['ports', ['', '53,', '0', '5-3', '1-65536', '53 853', '0x35']],
    ['duration', ['', '30', '1.5h', '30 s', '30sec', '-1s', '1m1h', '1s1s', '1e3s', '99999999999999d', 'forever']],
    ['bytes', ['', '-1', '1.5MB', '64 KiB', '64kib', '64K', '1e3', '9999999999TiB', '0x10']],
    ['rate', ['100', '100/day', '1.5/s', '/s', '100/ s', '5K/s']],
    ['bitRate', ['64k', '64kb/s', '10Mbit', '10mbit/s']],
    [
      'level',
      ['', 'verbose', 'INFO', 'info,', 'info,session', 'info,session=', 'info, session=debug', 'session=debug'],
    ],
    ['path', ['', 'a\0b', 'a\nb', '\u001b[31m', 'a'.repeat(5000)]],
    ['string', ['', 'a\tb', '\u0085']],
  ])('%s', (name, values) => {
    for (const value of [...values, 0, 1, true, null, undefined, [], {}, ['1'], Number.NaN]) {
      if (name === 'bytes' && typeof value === 'number' && value >= 0) continue;
      expect([value, parse(FORMATS[name], value, 'data')]).toEqual([value, 'refused']);
      if (typeof value === 'string') expect([value, parse(FORMATS[name], value, 'text')]).toEqual([value, 'refused']);
    }
  });

  test.each<[keyof typeof FORMATS, unknown[], unknown[]]>([
    [
      'port',
      ['80x', '0', '65536', '-1', '080', '0x50', '8e1', '80.0', ' 80', '80\n', '', '٨٠'],
      ['80', 0, 65536, 80.5, Number.NaN, true],
    ],
    [
      'integer',
      ['12abc', '1.0', '+1', '1e3', '0b1', '1_000', '9007199254740993', ''],
      ['12', 1.5, 2 ** 53, Infinity, null],
    ],
    ['decimal', ['.5', '5.', '1e3', 'NaN', 'Infinity', '0x1', '1,5', ''], ['0.5', Infinity, Number.NaN]],
    ['boolean', ['no', 'yes', 'on', 'off', '1', '0', 'TRUE', 'True', ' true', ''], ['true', 0, 1, null, []]],
  ])('%s', (name, texts, data) => {
    for (const value of texts) expect([value, parse(FORMATS[name], value, 'text')]).toEqual([value, 'refused']);
    for (const value of data) expect([value, parse(FORMATS[name], value, 'data')]).toEqual([value, 'refused']);
  });

  test('a number at a bound is accepted, one beyond it is refused', () => {
    expect(parse(integer({ min: 1, max: 3 }), '1', 'text')).toBe(1);
    expect(parse(integer({ min: 1, max: 3 }), '3', 'text')).toBe(3);
    expect(parse(integer({ min: 1, max: 3 }), '4', 'text')).toBe('refused');
    expect(parse(port({ min: 0 }), '0', 'text')).toBe(0);
    expect(parse(duration({ min: 1000, max: 60_000 }), '999ms', 'text')).toBe('refused');
    expect(parse(duration({ min: 1000, max: 60_000 }), '1m', 'text')).toBe(60_000);
    expect(parse(bytes({ max: 1024 }), '2KiB', 'text')).toBe('refused');
  });

  test('a duration without a bound of its own is at most the wait of a timer', () => {
    for (const format of [FORMATS.duration, duration(), duration({ min: 1000 })]) {
      expect(parse(format, '24d', 'text')).toBe(2_073_600_000);
      for (const tooLong of ['24d1ms', '25d', '50d'])
        expect([tooLong, parse(format, tooLong, 'text')]).toEqual([tooLong, 'refused']);
      expect(format.bounds?.max).toBeLessThan(2 ** 31);
      expect(format.expected).toMatch(/at most 24d$/);
    }
    expect(parse(duration({ max: 365 * 86_400_000 }), '365d', 'text')).toBe(31_536_000_000);
  });

  test.each([
    [
      duration({ min: 1000, max: 5_400_000 }),
      'a duration such as 500ms, 30s, 1h30m or 7d, at least 1s and at most 90m',
    ],
    [bytes({ min: 1200, max: 2 ** 40 }), 'a size such as 1500, 64KiB or 10MB, at least 1200 bytes and at most 1TiB'],
    [rate({ min: 0, max: 5e6 }), 'a rate such as 100/s, 30/min or 5k/s, at least 0/s and at most 5M/s'],
    [bitRate({ min: 1, max: 1e12 }), 'a bit rate such as 64kbit/s or 10Mbit/s, at least 1bit/s and at most 1000Gbit/s'],
    [integer({ min: 1, max: 3 }), 'a whole number from 1 to 3'],
  ])('bounds are shown in the largest unit that fits: %#', (format, expected) => {
    expect(format.expected).toBe(expected);
  });

  test('the JSON Schema holds the bounds of each number', () => {
    expect(bytes({ min: 1200, max: 65_507 }).jsonSchema).toMatchObject({
      anyOf: [{ type: 'integer', minimum: 1200, maximum: 65_507 }, { type: 'string' }],
    });
    expect(integer({ min: 1, max: 3 }).jsonSchema).toMatchObject({ minimum: 1, maximum: 3 });
  });

  test('the JSON Schema of an option states the bounds of its quantity in words', () => {
    const idle = option({ format: 'duration', doc: 'How long it is kept.' });
    expect(optionJsonSchema(idle).description).toBe(`How long it is kept. (${FORMATS.duration.expected})`);
  });

  test('a list names its wrong parts', () => {
    const result = list(FORMATS.port).parse('80,x,443,y', 'text');
    expect(result instanceof Refusal && result.flaws.map((flaw) => flaw.path)).toEqual([[1], [3]]);
    expect(parse(list(FORMATS.port), '80,443', 'text')).toEqual([80, 443]);
    expect(parse(list(FORMATS.port), '80,443', 'data')).toBe('refused');
    expect(parse(list(FORMATS.port), ['80'], 'data')).toBe('refused');
  });

  test('a choice suggests the nearest word', () => {
    const result = choice(['round-robin', 'random', 'hash']).parse('roundrobin', 'text');
    expect(result instanceof Refusal && result.flaws[0]?.suggestion).toBe('round-robin');
    expect(parse(choice(['a', 'b']), 'A', 'text')).toBe('refused');
  });

  test('a pattern with a sticky or global flag gives the same answer each time', () => {
    const format = text({ pattern: /^a+$/g });
    expect(['aa', 'aa', 'aa', 'b'].map((value) => parse(format, value, 'text'))).toEqual(['aa', 'aa', 'aa', 'refused']);
  });
});

describe('for every text and every datum', () => {
  const every = Object.entries(FORMATS) as [string, Format<unknown>][];

  test('no format throws, and a number comes only from its own text', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.anything(),
      fc.stringMatching(/^[\d.:/x%-]*$/),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom<Form>('text', 'data'), (value, form) => {
        for (const [, format] of every) format.parse(value, form);
        const number = parse(FORMATS.integer, value, 'text');
        if (typeof value === 'string' && typeof number === 'number')
          expect(value.replace(/^-0$/, '0')).toBe(String(number));
      }),
    );
  });

  test('IPv4 addresses are exactly the four decimal parts of a number', () => {
    fc.assert(
      fc.property(fc.integer(UINT), (number) => {
        const dotted = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
        const hex = number.toString(16).padStart(8, '0');
        expect(parse(FORMATS.address, dotted, 'text')).toBe(dotted);
        for (const mapped of [`::ffff:${dotted}`, `::ffff:${hex.slice(0, 4)}:${hex.slice(4)}`]) {
          expect(parse(FORMATS.address, mapped, 'text')).toBe(dotted);
        }
        expect(parse(FORMATS.address, String(number), 'text')).toBe('refused');
        expect(parse(FORMATS.address, `0x${hex}`, 'text')).toBe('refused');
      }),
    );
  });

  test('IPv6 addresses mean the same eight groups however they are written', () => {
    fc.assert(
      fc.property(fc.ipV6(), (written) => {
        const canonical = parse(FORMATS.address, written, 'text');
        expect(typeof canonical).toBe('string');
        if (typeof canonical !== 'string' || !canonical.includes(':')) return;
        expect(groups(canonical)).toEqual(groups(written));
        expect(parse(FORMATS.address, canonical, 'text')).toBe(canonical);
      }),
    );
  });

  test('a block of addresses contains its first address, and its bits beyond the prefix are zero', () => {
    fc.assert(
      fc.property(fc.integer(UINT), fc.integer({ min: 0, max: 32 }), (number, prefix) => {
        const dotted = [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
        const isFirst = BigInt(number) % 2n ** BigInt(32 - prefix) === 0n;
        const expected = isFirst ? { address: dotted, prefix } : 'refused';
        expect(parse(FORMATS.cidr, `${dotted}/${prefix}`, 'text')).toEqual(expected);
      }),
    );
  });

  test('a duration is the sum of its parts', () => {
    const parts = fc.tuple(...[30, 23, 59, 59, 999].map((max) => fc.option(fc.nat(max))));
    fc.assert(
      fc.property(parts, (amounts) => {
        const units = ['d', 'h', 'm', 's', 'ms'];
        const sizes = [86_400_000, 3_600_000, 60_000, 1000, 1];
        const written = amounts
          .map((amount, index) => (amount === null ? '' : `${amount}${units[index] ?? ''}`))
          .join('');
        const sum = amounts.reduce<number>((total, amount, index) => total + (amount ?? 0) * (sizes[index] ?? 0), 0);
        expect(parse(duration({ max: 31 * 86_400_000 }), written, 'text')).toBe(written === '' ? 'refused' : sum);
      }),
    );
  });
});

/** The eight groups of an IPv6 address: slow and obviously right. */
function groups(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

describe('a quantity with a unit of another habit', () => {
  test.each<[Format<number>, string, string | undefined]>([
    [bytes(), '100KB', '100kB'],
    [bytes(), '64k', '64kB'],
    [bytes(), '4mib', '4MiB'],
    [bytes({ max: 10 }), '64k', undefined],
    [bytes(), '4XB', undefined],
    [bitRate(), '10M', '10Mbit/s'],
    [bitRate(), '10Mbps', '10Mbit/s'],
    [bitRate(), '10MB', '80Mbit/s'],
    [bitRate(), '5 kB/s', '40kbit/s'],
    [duration(), '120', '120s'],
    [duration(), '5 minutes', '5m'],
    [duration(), 'soon', undefined],
    [rate(), '100pps', '100/s'],
    [rate(), '5/constructor', undefined],
  ])('%#: %j suggests %j', (format, text, suggestion) => {
    const result = format.parse(text, 'text');
    expect(result).toBeInstanceOf(Refusal);
    expect(result instanceof Refusal && result.flaws[0]?.suggestion).toBe(suggestion);
  });
});
