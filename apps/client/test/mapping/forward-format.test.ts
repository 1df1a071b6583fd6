import { describe, expect, test } from '@jest/globals';
import { ConfigurationError, defineSchema, loadConfiguration, Refusal } from '@relay/config';
import { clientOptions } from '../../src/options.js';
import { forwardMapping } from '../../src/mapping/forward-format.js';

const DEFAULTS = { idle: 120_000, maxFlows: 4096 };
const LOCAL = '127.0.0.1';
const schema = defineSchema({ forward: clientOptions.forward }, { program: 'relay-client' });

describe('the format of a forward', () => {
  test.each([
    ['1.1.1.1:53', { target: { host: '1.1.1.1', first: 53, last: 53 } }],
    ['dns.example:53', { target: { host: 'dns.example', first: 53, last: 53 } }],
    ['[2001:db8::1]:53', { target: { host: '2001:db8::1', first: 53, last: 53 } }],
    [
      '5353=1.1.1.1:53',
      { listen: { address: LOCAL, first: 5353, last: 5353 }, target: { host: '1.1.1.1', first: 53, last: 53 } },
    ],
    [
      '0.0.0.0:5353=1.1.1.1:53',
      { listen: { address: '0.0.0.0', first: 5353, last: 5353 }, target: { host: '1.1.1.1', first: 53, last: 53 } },
    ],
    [
      '[::1]:5353=dns.example:53',
      { listen: { address: '::1', first: 5353, last: 5353 }, target: { host: 'dns.example', first: 53, last: 53 } },
    ],
    [
      '0=1.1.1.1:53',
      { listen: { address: LOCAL, first: 0, last: 0 }, target: { host: '1.1.1.1', first: 53, last: 53 } },
    ],
    [
      '27000-27010=game.example:27000-27010',
      {
        listen: { address: LOCAL, first: 27_000, last: 27_010 },
        target: { host: 'game.example', first: 27_000, last: 27_010 },
      },
    ],
    [
      '127.0.0.2:1000-1001=[::1]:2000-2001',
      { listen: { address: '127.0.0.2', first: 1000, last: 1001 }, target: { host: '::1', first: 2000, last: 2001 } },
    ],
    ['game.example:1-65535', { target: { host: 'game.example', first: 1, last: 65_535 } }],
  ])('%s', (text, expected) => {
    expect(forwardMapping.parse(text, 'text')).toEqual({ ...DEFAULTS, ...expected });
  });

  test('takes a zone of its own host where it listens, and a number of one of the server as a target', () => {
    expect(forwardMapping.parse('[fe80::1%eth0]:5353=[fe80::1%2]:5300', 'text')).toMatchObject({
      listen: { address: 'fe80::1%eth0' },
      target: { host: 'fe80::1%2' },
    });
    const refusal = forwardMapping.parse('5353=[fe80::1%eth0]:5300', 'text');
    expect(JSON.stringify(refusal)).toContain('a target whose zone is a number');
  });

  test('takes a table with its own options, whose port may be a number', () => {
    const mapping = { listen: 5353, target: '1.1.1.1:53', idle: '10s', maxFlows: 5 };
    expect(forwardMapping.parse(mapping, 'data')).toEqual({
      listen: { address: LOCAL, first: 5353, last: 5353 },
      target: { host: '1.1.1.1', first: 53, last: 53 },
      idle: 10_000,
      maxFlows: 5,
    });
  });

  test.each([
    ['1.1.1.1:53;name=dns;idle=10s;maxFlows=5', { name: 'dns', idle: 10_000, maxFlows: 5 }],
    ['1.1.1.1:53;idle=never', { idle: Infinity }],
  ])('takes keys after the endpoints: %s', (text, keys) => {
    const target = { host: '1.1.1.1', first: 53, last: 53 };
    expect(forwardMapping.parse(text, 'text')).toEqual({ ...DEFAULTS, target, ...keys });
  });

  test.each([
    ...['', '53', '=', '=1.1.1.1:53', '5353=', '1.1.1.1', '1.1.1.1:', ':53', '5353=1.1.1.1', '1.1.1.1:0'],
    ...['5353=1.1.1.1:80x', '5353x=1.1.1.1:53', '70000=1.1.1.1:53', '1.1.1.1:70000', 'localhost:5353=1.1.1.1:53'],
    ...['::1:53', '[::1]53', '0x7f.1:53', '5353=1.1.1.1:53=2', ' 5353=1.1.1.1:53', '5-4=1.1.1.1:4-5', '-5=1.1.1.1:5'],
    ...['5353=a b:53', '5353=-a:53', '5353=1.1.1.1:53\n'],
  ])('refuses %j', (text) => {
    expect(forwardMapping.parse(text, 'text')).toBeInstanceOf(Refusal);
    expect(() => loadConfiguration(schema, { flags: { forward: [text] } })).toThrow(ConfigurationError);
  });

  test.each([
    ['1000-1002=1.1.1.1:53', /as many ports to listen on as the target has/],
    ['1000=1.1.1.1:53-54', /as many ports to listen on as the target has/],
    ['0=1.1.1.1:53-54', /as many ports to listen on as the target has/],
    ['80x=1.1.1.1:53', /80x/],
    ['5353=1.1.1.1', /1\.1\.1\.1/],
  ])('reports %s with its value and the expected one', (text, expected) => {
    expect(() => loadConfiguration(schema, { flags: { forward: [text] } })).toThrow(expected);
    expect(() => loadConfiguration(schema, { flags: { forward: [text] } })).toThrow(/flag --forward/);
  });

  test.each([
    [{ listen: 5353 }, /target/],
    [{ target: '1.1.1.1:53', idle: '10' }, /idle/],
    [{ target: '1.1.1.1:53', maxFlows: 0 }, /maxFlows/],
    [{ target: '1.1.1.1:53', listen: 5.5 }, /listen/],
    [{ target: '1.1.1.1:53', listn: 5 }, /listn/],
    [{ target: '1.1.1.1:53', idle: '25d' }, /or never/],
    [{ target: '1.1.1.1:53', name: '' }, /a name of 1 to 64 bytes/],
    [{ target: '1.1.1.1:53', name: 'a\nb' }, /a name of 1 to 64 bytes/],
    [{ target: '1.1.1.1:53', name: 'é'.repeat(33) }, /a name of 1 to 64 bytes/],
    [{ target: '1.1.1.1:53', name: 5 }, /a name of 1 to 64 bytes/],
  ])('refuses the table %j', (mapping, expected) => {
    const refused = forwardMapping.parse(mapping, 'data');
    expect(refused).toBeInstanceOf(Refusal);
    expect(JSON.stringify(refused)).toMatch(expected);
  });
});
