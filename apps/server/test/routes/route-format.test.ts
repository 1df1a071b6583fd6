import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, loadConfiguration, Refusal } from '@relay/config';
import { addressRange } from '@relay/relay';
import { serverSchema } from '../../src/options.js';
import { payload } from '../../src/routes/payload.js';
import { settingsOf, type RouteMapping } from '../../src/routes/route-format.js';
import { nameOf, targetTexts } from '../../src/routes/route-text.js';

const parse = (...routes: readonly unknown[]): readonly RouteMapping[] =>
  loadConfiguration(serverSchema, { flags: { route: routes } }).values.route;

function parseOne(route: unknown): RouteMapping {
  const [mapping] = parse(route);
  if (mapping === undefined) throw new Error('one was given');
  return mapping;
}

function problemOf(route: string): string {
  try {
    parse(route);
    return '';
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems[0]?.message ?? '';
  }
}

describe('a route', () => {
  test('is a listener and one or several upstreams with weights', () => {
    expect(parseOne('127.0.0.1:5300=127.0.0.1:53,[2001:db8::1]:54*3,dns.example:55*1000')).toEqual({
      listen: [{ address: '127.0.0.1', first: 5300, last: 5300 }],
      target: [
        { host: '127.0.0.1', first: 53, last: 53, weight: 1 },
        { host: '2001:db8::1', first: 54, last: 54, weight: 3 },
        { host: 'dns.example', first: 55, last: 55, weight: 1000 },
      ],
      ...{ idle: 120_000, maxFlows: 4096, balance: 'round-robin', hashBy: 'address', health: 'passive' },
      ...{ allow: [], deny: [] },
    });
  });

  test('of a port alone listens at all addresses', () => {
    expect(parseOne('53=10.0.0.1:53').listen).toEqual([{ address: '::', first: 53, last: 53 }]);
    expect(parseOne('0=10.0.0.1:53').listen).toEqual([{ address: '::', first: 0, last: 0 }]);
  });

  test('may have several listeners, and ranges that map port by port', () => {
    const { listen, target } = parseOne('127.0.0.1:7000-7010,8000-8010=10.0.0.1:9000-9010,10.0.0.2:1-11');
    expect(listen.map(({ first, last }) => [first, last])).toEqual([
      [7000, 7010],
      [8000, 8010],
    ]);
    expect(target.map(({ first, last }) => [first, last])).toEqual([
      [9000, 9010],
      [1, 11],
    ]);
  });

  test('takes its other keys behind semicolons', () => {
    expect(
      parseOne(
        '53=a:53;name=dns;idle=never;maxFlows=7;balance=hash;hashBy=endpoint;health=active;send=0x00ff;every=5s',
      ),
    ).toMatchObject({
      ...{ name: 'dns', idle: Infinity, maxFlows: 7, balance: 'hash', hashBy: 'endpoint', health: 'active' },
      ...{ send: Uint8Array.of(0, 0xff), every: 5000 },
    });
  });

  test('is the same as a table of a file, where listeners and upstreams may be lists', () => {
    const table = { listen: ['127.0.0.1:5300', 5301], target: ['a:53*2', 'b:53'], balance: 'least-flows' };
    const [fromTable, fromText] = [table, '127.0.0.1:5300,5301=a:53*2,b:53;balance=least-flows'].map((route) =>
      parseOne(route),
    );
    expect(fromTable).toEqual(fromText);
  });

  test.each([
    ['5300', 'a route such as'],
    ['x=a:53', 'its listen to be a port such as 5300'],
    ['53=a', 'its target to be HOST:PORT'],
    ['53=a:53,', 'its target to be HOST:PORT'],
    ['53=a:53*0', 'its target to be HOST:PORT'],
    ['53=a:53*1001', 'its target to be HOST:PORT'],
    ['53=a:53*1.5', 'its target to be HOST:PORT'],
    ['53-54=a:53', 'as many ports to listen on as each upstream has'],
    ['53-54=a:53-54,b:53', 'as many ports to listen on as each upstream has'],
    ['53-54,55=a:53-54', 'as many ports to listen on as each upstream has'],
    ['224.0.0.1:53=a:53', 'an address of one host, and no multicast or broadcast address'],
    ['53=a:53;balance=fair', 'its balance to be round-robin'],
    ['53=a:53;health=active', 'with health = active a payload to send, as send'],
    ['53=a:53;send=x', 'send together with health = active'],
    ['53=a:53;passes=2', 'passes together with health = active'],
    ['53=a:53;health=active;send=0x0', 'its send to be a text, or bytes such as'],
    ['53=a:53;health=active;send=x;every=100ms', 'its every to be'],
    ['53=a:53;allow=10.0.0.0/40', 'its allow to be'],
    ['53=a:53;weight=2', 'after each ; one of listen, target'],
  ])('is refused as %s, with what was expected', (route, expected) => {
    expect(problemOf(route)).toContain(expected);
  });
});

describe('its settings', () => {
  test('are what the shard is given, with the defaults of checks', () => {
    expect(settingsOf(parseOne('53=a:53;idle=30s'), 'dns')).toEqual({
      ...{ name: 'dns', idleMs: 30_000, maxFlows: 4096, balance: 'round-robin', hashBy: 'address', health: 'passive' },
      rules: {},
    });
    const more =
      'replies=1;requests=2;identity=spp;allow=10.0.0.0/8;deny=10.1.0.0/16;deny=::/0;maxPps=9;visitorFlows=3';
    expect(settingsOf(parseOne(`53=a:53;${more}`), 'dns')).toMatchObject({
      ...{ replies: 1, requests: 2, identity: 'spp' },
      rules: {
        allow: [addressRange({ address: '10.0.0.0', prefix: 8 })],
        deny: [addressRange({ address: '10.1.0.0', prefix: 16 }), addressRange({ address: '::', prefix: 0 })],
        ...{ maxPps: 9, visitorFlows: 3 },
      },
    });
    expect(settingsOf(parseOne('53=a:53;health=active;send=ping'), 'dns').health).toEqual({
      ...{ send: new Uint8Array(Buffer.from('ping')), expect: undefined, everyMs: 2000, fails: 3, passes: 2 },
    });
    const all = parseOne('53=a:53;health=active;send=ping;expect=0x00;every=1s;fails=1;passes=4');
    expect(settingsOf(all, 'dns').health).toMatchObject({
      ...{ expect: Uint8Array.of(0), everyMs: 1000, fails: 1, passes: 4 },
    });
  });
});

test('a payload is a text or hexadecimal bytes, and fits one packet', () => {
  expect(payload.parse('0xCAFE', 'text')).toEqual(Uint8Array.of(0xca, 0xfe));
  expect(payload.parse('äx', 'text')).toEqual(Uint8Array.of(0xc3, 0xa4, 0x78));
  expect(payload.parse('', 'text')).toEqual(new Uint8Array(0));
  expect(payload.parse('a'.repeat(1232), 'text')).toHaveLength(1232);
  for (const wrong of ['a'.repeat(1233), '0xabc', '0xzz', 5, undefined])
    expect(payload.parse(wrong, 'data')).toBeInstanceOf(Refusal);
});

test('a route is called by its name, or by its text', () => {
  expect(nameOf(parseOne('53=a:53;name=dns'))).toBe('dns');
  const mapping = parseOne('127.0.0.1:5300-5301,53-54=[::1]:53-54,b:1-2*3');
  expect(nameOf(mapping)).toBe('127.0.0.1:5300-5301,[::]:53-54=[::1]:53-54,b:1-2*3');
  expect(targetTexts(mapping)).toBe('[::1]:53-54, b:1-2*3');
});
