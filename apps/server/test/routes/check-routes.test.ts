import { expect, test } from '@jest/globals';
import { isLoopback, overlap } from '../../src/routes/check-routes.js';

const at = (address: string, first: number, last = first) => ({ address, first, last });

test.each([
  [at('192.0.2.1', 0), at('192.0.2.1', 0), false],
  [at('192.0.2.1', 1), at('192.0.2.1', 1), true],
  [at('192.0.2.1', 0), at('192.0.2.1', 0, 9), false],
  [at('192.0.2.1', 5, 9), at('192.0.2.1', 9, 12), true],
  [at('192.0.2.1', 5, 8), at('192.0.2.1', 9, 12), false],
  [at('192.0.2.1', 5), at('192.0.2.2', 5), false],
  [at('0.0.0.0', 5), at('192.0.2.2', 5), true],
  [at('::', 5), at('192.0.2.2', 5), true],
])('%j and %j have a port in common: %j', (one, other, expected) => {
  expect([overlap(one, other), overlap(other, one)]).toEqual([expected, expected]);
});

test('all addresses of a host have no port in common with an address that is not on it', () => {
  expect(overlap(at('::', 5), at('192.0.2.9', 5), (address) => address !== '192.0.2.9')).toBe(false);
});

test.each([
  ['localhost', true],
  ['::1', true],
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['192.0.2.1', false],
  ['localhost.example', false],
  ['::', false],
])('%s is on every host: %j', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
