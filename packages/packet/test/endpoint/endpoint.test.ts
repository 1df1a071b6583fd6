import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  canonicalEndpoint,
  compareEndpoints,
  copyPackedEndpoint,
  equalEndpoints,
  equalPackedEndpoints,
  formatEndpoint,
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  packedPort,
  parseEndpoint,
  unpackEndpoint,
} from '../../src/index.js';

describe('parseEndpoint', () => {
  test.each([
    ['127.0.0.1:53', '127.0.0.1', 53],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['[::1]:65535', '::1', 65535],
    ['[fe80::1%eth0]:53', 'fe80::1%eth0', 53],
    ['[::ffff:192.0.2.1]:53', '192.0.2.1', 53],
  ])('parseEndpoint reads %s', (text, address, port) => {
    expect(parseEndpoint(text)).toEqual({ address, port });
  });

  test.each([
    '',
    ':',
    '53',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:053',
    '127.0.0.1:+53',
    '127.0.0.1: 53',
    '127.0.0.1:0x35',
    '127.0.0.1:53 ',
    '127.0.0.1:5e1',
    '127.0.0.1:-1',
    '::1:53',
    '[::1]',
    '[::1]53',
    '[::1:53',
    '::1]:53',
    '[127.0.0.1]:53',
    '[]:53',
    'localhost:53',
    '[[::1]]:53',
  ])('parseEndpoint refuses %j', (text) => {
    expect(parseEndpoint(text)).toBeUndefined();
  });
});

const endpoints = fc
  .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 65535 }))
  .map(([address, port]) => canonicalEndpoint({ address, port }));

test('parseEndpoint reads each formatted endpoint as the same endpoint', () => {
  fc.assert(fc.property(endpoints, (endpoint) => expect(parseEndpoint(formatEndpoint(endpoint))).toEqual(endpoint)));
});

test('packed endpoints unpack to the same endpoints and are equal exactly if the endpoints are', () => {
  fc.assert(
    fc.property(endpoints, endpoints, (a, b) => {
      const bytes = new Uint8Array(3 + 3 * PACKED_ENDPOINT_BYTES);
      packEndpoint(a, bytes, 3);
      packEndpoint(b, bytes, 3 + PACKED_ENDPOINT_BYTES);
      copyPackedEndpoint(bytes, 3, bytes, 3 + 2 * PACKED_ENDPOINT_BYTES);
      expect(unpackEndpoint(bytes, 3)).toEqual(a);
      expect(packedPort(bytes, 3)).toBe(a.port);
      expect(unpackEndpoint(bytes, 3 + 2 * PACKED_ENDPOINT_BYTES)).toEqual(a);
      expect(equalPackedEndpoints(bytes, 3, bytes, 3 + PACKED_ENDPOINT_BYTES)).toBe(equalEndpoints(a, b));
    }),
  );
});

test('a numeric zone is packed as the scope id, and a named one is refused', () => {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address: 'fe80::1%3', port: 1 }, bytes, 0);
  expect(unpackEndpoint(bytes, 0)).toEqual({ address: 'fe80::1%3', port: 1 });
  expect(() => packEndpoint({ address: 'fe80::1%eth0', port: 1 }, bytes, 0)).toThrow('not a numeric zone');
  expect(() => packEndpoint({ address: 'fe80::1%4294967296', port: 1 }, bytes, 0)).toThrow('not a numeric zone');
});

test.each([
  [{ address: 'x', port: 1 }, 'not an IP address'],
  [{ address: '::1', port: 65536 }, 'not a port'],
  [{ address: '::1', port: 1.5 }, 'not a port'],
])('%j can neither be packed nor made canonical', (endpoint, message) => {
  expect(() => packEndpoint(endpoint, new Uint8Array(PACKED_ENDPOINT_BYTES), 0)).toThrow(message);
  expect(() => canonicalEndpoint(endpoint)).toThrow(message);
});

test('packing and unpacking refuse a buffer that is too short', () => {
  expect(() => packEndpoint({ address: '::1', port: 1 }, new Uint8Array(PACKED_ENDPOINT_BYTES), 1)).toThrow('no room');
  expect(() => unpackEndpoint(new Uint8Array(PACKED_ENDPOINT_BYTES), 1)).toThrow('too short');
});

test('endpoints are ordered by family, address as a number, zone and port', () => {
  const ordered = ['9.0.0.1:1', '10.0.0.1:1', '10.0.0.1:2', '[::1]:5', '[fe80::1%a]:5', '[fe80::1%b]:1', '[fe80::2]:1'];
  const parsed = ordered.map((text) => parseEndpoint(text)).filter((endpoint) => endpoint !== undefined);
  expect([...parsed].reverse().sort(compareEndpoints).map(formatEndpoint)).toEqual(ordered);
});
