import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, defineSchema, loadConfiguration, Refusal } from '@relay/config';
import { clientOptions } from '../../src/options.js';
import { publishEntries, publishMapping, publishText, type PublishMapping } from '../../src/mapping/publish-format.js';

const DEFAULTS = { idle: 120_000, maxFlows: 4096, allow: [], deny: [] };
const ALL = '::';
const LOCAL = { host: '127.0.0.1', first: 27_015, last: 27_015 };
const schema = defineSchema({ publish: clientOptions.publish }, { program: 'relay-client' });

describe('the format of a publish', () => {
  test.each([
    ['27015', { local: LOCAL }, '27015 -> 127.0.0.1:27015'],
    ['192.168.1.5:27015', { local: { ...LOCAL, host: '192.168.1.5' } }, '27015 -> 192.168.1.5:27015'],
    ['[fd00::5]:27015', { local: { ...LOCAL, host: 'fd00::5' } }, '27015 -> [fd00::5]:27015'],
    [
      '53=27015',
      { public: { address: ALL, first: 53, last: 53 }, local: LOCAL },
      '53 -> 127.0.0.1:27015', // the same port need not be free on the server
    ],
    [
      '0=game.lan:27015',
      { public: { address: ALL, first: 0, last: 0 }, local: { ...LOCAL, host: 'game.lan' } },
      '0 -> game.lan:27015',
    ],
    [
      '203.0.113.5:27015=27015',
      { public: { address: '203.0.113.5', first: 27_015, last: 27_015 }, local: LOCAL },
      '203.0.113.5:27015 -> 127.0.0.1:27015',
    ],
    [
      '[::]:27015=27015',
      { public: { address: ALL, first: 27_015, last: 27_015 }, local: LOCAL },
      '27015 -> 127.0.0.1:27015',
    ],
    [
      '27000-27010=127.0.0.1:28000-28010',
      {
        public: { address: ALL, first: 27_000, last: 27_010 },
        local: { host: '127.0.0.1', first: 28_000, last: 28_010 },
      },
      '27000-27010 -> 127.0.0.1:28000-28010',
    ],
    [
      '[2001:db8::1]:1-2=3-4;name=game;idle=never;maxFlows=7',
      {
        public: { address: '2001:db8::1', first: 1, last: 2 },
        local: { host: '127.0.0.1', first: 3, last: 4 },
        ...{ name: 'game', idle: Infinity, maxFlows: 7 },
      },
      '[2001:db8::1]:1-2 -> 127.0.0.1:3-4',
    ],
  ])('%s', (text, expected, shown) => {
    const mapping = publishMapping.parse(text, 'text');
    expect(mapping).toEqual({ ...DEFAULTS, ...expected });
    expect(publishText(mapping as PublishMapping)).toBe(shown);
  });

  test('takes a table with its own options, whose ports may be numbers', () => {
    const mapping = { public: 53, local: 27_015, name: 'game', idle: '10s', maxFlows: 5 };
    expect(publishMapping.parse(mapping, 'data')).toEqual({
      public: { address: ALL, first: 53, last: 53 },
      local: LOCAL,
      ...{ name: 'game', idle: 10_000, maxFlows: 5, allow: [], deny: [] },
    });
  });

  test('takes who may come, how much of it, and what the service learns', () => {
    const rules =
      'allow=203.0.113.0/24;allow=2001:db8::/32;deny=203.0.113.7;maxPps=10k/s;maxBps=1Mbit/s;visitorPps=50;visitorFlows=4';
    const mapping = publishMapping.parse(`27015;${rules};replies=1;requests=2;identity=spp`, 'text') as PublishMapping;
    expect(mapping).toMatchObject({ replies: 1, requests: 2, identity: 'spp' });
    expect(publishEntries(mapping)).toEqual({
      ...{ name: undefined, idleMs: 120_000, maxFlows: 4096, replies: 1, requests: 2 },
      allow: [
        { address: '203.0.113.0', prefix: 24 },
        { address: '2001:db8::', prefix: 32 },
      ],
      deny: [{ address: '203.0.113.7', prefix: 32 }],
      ...{ maxPps: 10_000, maxBps: 1_000_000, visitorPps: 50, visitorFlows: 4 },
    });
  });

  test('refuses more networks than fit one request, rather than fail later', () => {
    const deny = (count: number): string =>
      Array.from({ length: count }, (_, i) => `;deny=2001:db8::${(i + 1).toString(16)}`).join('');
    expect(publishMapping.parse(`27015${deny(50)}`, 'text')).not.toBeInstanceOf(Refusal);
    expect(publishMapping.parse(`27015${deny(100)}`, 'text')).toMatchObject({
      flaws: [{ expected: expect.stringMatching(/^fewer networks in allow and deny/) as unknown }],
    });
  });

  test.each(['224.0.0.1:5300=5300', '255.255.255.255:5300=5300', '[ff02::1]:0=5300', '239.1.1.1:1-9=1-9'])(
    'refuses %s, which is no address of one host',
    (text) => {
      const refusal = publishMapping.parse(text, 'text');
      expect(JSON.stringify(refusal)).toContain('an address of one host, and no multicast or broadcast address');
    },
  );

  test.each([
    ...['', '0', '=', '=27015', '27015=', '70000', '27015=0', '27015x', '5-4', '127.0.0.1', ':27015', ' 27015'],
    ...['game.example:27015=27015', '0.0.0.0:27015=27015', '[fe80::1%eth0]:27015=27015', '27015=1=2', '-1'],
    ...['27015=a b:1', '27015\n', '27015;idel=5s', '27015;idle=5', '27015;name=', '27015;public=1;public=2'],
  ])('refuses %j', (text) => {
    expect(publishMapping.parse(text, 'text')).toBeInstanceOf(Refusal);
    expect(() => loadConfiguration(schema, { flags: { publish: [text] } })).toThrow(ConfigurationError);
  });

  test.each([
    ['27000-27002=27000', /as many public ports as there are local ones/],
    ['0=27000-27001', /as many public ports as there are local ones \(0 is one port\)/],
    ['27015=1.1.1.1', /its local to be a port such as 27015/],
    ['0.0.0.0:1=1', /its public to be .*without an address all of the server/],
    ['27015;idle=5', /its idle to be a duration .*, or never/],
    ['27015;maxflows=5', /maxFlows/],
  ])('reports what is wrong with %s', (text, expected) => {
    const load = (): unknown => loadConfiguration(schema, { flags: { publish: [text] } });
    expect(load).toThrow(expected);
    expect(load).toThrow(/flag --publish/);
  });

  test.each([
    [{ public: 5353 }, /local/],
    [{ local: 5.5 }, /local/],
    [{ local: 27_015, public: -1 }, /public/],
    [{ local: 27_015, maxFlows: 0 }, /maxFlows/],
    [{ local: 27_015, publik: 5 }, /publik/],
  ])('refuses the table %j', (mapping, expected) => {
    const refused = publishMapping.parse(mapping, 'data');
    expect(refused).toBeInstanceOf(Refusal);
    expect(JSON.stringify(refused)).toMatch(expected);
  });
});
