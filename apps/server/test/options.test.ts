import { describe, expect, test } from '@jest/globals';
import { defineSchema, FORMATS, loadConfiguration, ConfigurationError } from '@relay/config';
import { decodeParameters, encodeParameters, SessionParameters } from '@relay/packet';
import { serverOptions, serverSchema } from '../src/options.js';
import { rightsOptions } from '../src/state/rights.js';

const MAX_TIMER_MS = 2 ** 31 - 1;

const options = [...serverSchema.options, ...defineSchema(rightsOptions, { program: 'invite' }).options];
const isNumber = ({ option }: (typeof options)[number]): boolean =>
  option.format.bounds !== undefined ||
  (option.default !== undefined && typeof option.parse(option.default, 'data') === 'number');
const maxOf = (option: (typeof serverOptions)['idle' | 'maxPacket' | 'maxFlowsPerClient']): number =>
  option.format.bounds?.max ?? NaN;

describe('every number that is configured has an end', () => {
  test.each(options.filter(isNumber).map(({ key, option }) => [key, option.format.bounds] as const))(
    '%s',
    (_key, bounds) => {
      expect(bounds?.max).toBeLessThan(Number.MAX_SAFE_INTEGER);
      expect(bounds?.min).toBeGreaterThanOrEqual(0);
    },
  );

  test('and this test knows each of them', () => {
    expect(options.filter(isNumber).map(({ key }) => key)).toEqual([
      'logMaxFile',
      'logMaxFiles',
      'logMaxTotal',
      'metricsInterval',
      'receiveBuffer',
      'sendBuffer',
      'flowBuffer',
      'sendQueue',
      'idle',
      'maxSessions',
      'maxFlows',
      'maxFlowsPerClient',
      'publishGrace',
      'maxPacket',
      'maxPps',
      'maxBps',
      'expires',
    ]);
  });
});

test('the longest duration of every option of start is one that a timer waits for', () => {
  const durations = serverSchema.options.filter(({ option }) => option.format.name === FORMATS.duration.name);
  expect(durations.map(({ key }) => key)).toEqual(['metricsInterval', 'idle', 'publishGrace']);
  for (const { option } of durations) expect(option.format.bounds?.max).toBeLessThanOrEqual(MAX_TIMER_MS);
});

test('the largest values reach the clients that learn of them', () => {
  const told = Object.assign(new SessionParameters(), {
    flowIdleMs: maxOf(serverOptions.idle),
    maxPacketBytes: maxOf(serverOptions.maxPacket),
    maxFlows: maxOf(serverOptions.maxFlowsPerClient),
  });
  const bytes = new Uint8Array(200);
  const end = encodeParameters(bytes, 0, told);
  const heard = new SessionParameters();
  expect(decodeParameters(bytes, 0, end, heard)).toBe(end);
  expect(heard).toEqual(told);
});

test.each([
  ['idle', '50d', 'expected a duration such as 500ms, 30s, 1h30m or 7d, at least 1s and at most 24d, not "50d"'],
  ['metrics-interval', '25d', 'at least 1s and at most 24d, not "25d"'],
  ['max-packet', '1199', 'at least 1200 bytes and at most 65507 bytes, not "1199"'],
  ['log-max-file', '2TiB', 'at least 64KiB and at most 1TiB, not "2TiB"'],
])('--%s %s is refused with the key, the source and the bound', (flag, value, expected) => {
  const load = (): unknown => loadConfiguration(serverSchema, { flags: { [flag]: value } });
  expect(load).toThrow(ConfigurationError);
  expect(load).toThrow(`flag --${flag}: `);
  expect(load).toThrow(expected);
});

test('a packet may be as small as the protocol has them', () => {
  expect(loadConfiguration(serverSchema, { flags: { 'max-packet': '1200' } }).values.maxPacket).toBe(1200);
});

const valuesOf = (flags: Record<string, unknown>) => loadConfiguration(serverSchema, { flags }).values;

describe('the options of the server', () => {
  test('refuse to listen on a link-local address without its zone', () => {
    const listening = (listen: string): unknown => loadConfiguration(serverSchema, { flags: { listen } }).values.listen;
    expect(() => listening('[fe80::1]:7878')).toThrow(/listen.*a link-local address with its zone, such as %eth0/);
    expect(listening('[fe80::1%eth0]:7878')).toEqual({ address: 'fe80::1%eth0', port: 7878 });
  });

  test.each(['224.0.0.1:7878', '255.255.255.255:0', '[ff02::1]:7878'])('refuse to listen on %s', (listen) => {
    expect(() => loadConfiguration(serverSchema, { flags: { listen } })).toThrow(
      /listen.*an address of one host, and no multicast or broadcast address/,
    );
  });

  test('have the defaults that the guide promises', () => {
    expect(valuesOf({})).toMatchObject({
      listen: { address: '::', port: 7878 },
      idle: 120_000,
      maxSessions: 10_000,
      maxFlows: 50_000,
      maxFlowsPerClient: 4096,
      publishGrace: 60_000,
      maxPacket: 1452,
      receiveBuffer: 16 << 20,
      sendBuffer: 4 << 20,
      flowBuffer: 512 << 10,
      sendQueue: 1 << 20,
      metricsInterval: 10_000,
      logMaxFile: 16 << 20,
      logMaxFiles: 30,
      logMaxTotal: 256 << 20,
      status: false,
      interactive: false,
    });
  });

  // Name, smallest, what is too small, largest, what is too large.
  test.each([
    ['idle', '1000ms', '999ms', '24d', '25d'],
    ['max-sessions', '1', '0', '1000000', '1000001'],
    ['max-flows', '1', '0', '1000000', '1000001'],
    ['max-flows-per-client', '1', '0', '1000000', '1000001'],
    ['publish-grace', '1s', '999ms', '24d', '25d'],
    ['max-packet', '1200', '1199', '65507', '65508'],
  ])('%s has its bounds', (name, least, tooSmall, most, tooLarge) => {
    for (const right of [least, most]) expect(() => valuesOf({ [name]: right })).not.toThrow();
    for (const wrong of [tooSmall, tooLarge]) expect(() => valuesOf({ [name]: wrong })).toThrow(name);
  });
});

test.each([
  ['7960', { address: '::', port: 7960 }],
  [':7960', { address: '::', port: 7960 }],
  ['0', { address: '::', port: 0 }],
  ['127.0.0.1:7960', { address: '127.0.0.1', port: 7960 }],
])('the server listens on %s', (listen, expected) => {
  expect(loadConfiguration(serverSchema, { flags: { listen } }).values.listen).toEqual(expected);
  expect(serverOptions.listen.parse(7960, 'data')).toEqual({ address: '::', port: 7960 });
});

test.each(['65536', ':', '::7960', '-1', 'localhost:1', ''])('the server does not listen on %j', (listen) => {
  expect(() => loadConfiguration(serverSchema, { flags: { listen } })).toThrow(/expected a port such as 7878, or an/);
});
