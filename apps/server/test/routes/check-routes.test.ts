import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfiguration } from '@relay/config';
import { serverSchema } from '../../src/options.js';
import { checkRouting, isLoopback, overlap } from '../../src/routes/check-routes.js';
import { temporaryFolder } from '../temporary-folder.js';

const folder = temporaryFolder();

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

test.each([
  ['127.0.0.1:7999', '127.0.0.1:7999'],
  ['[::]:7999', 'localhost:7999'],
  ['0.0.0.0:7999', '127.0.0.9:7999*3'],
  ['192.0.2.1:7999', '192.0.2.1:7999'],
  ['7999', '0.0.0.0:7999'],
])('a server at %s refuses a route to %s, and says which and where it stands', (listen, target) => {
  const file = join(folder, 'relay.toml');
  writeFileSync(
    file,
    `listen = "${listen}"\nroute = ["127.0.0.1:53=192.0.2.9:53", "127.0.0.1:54=192.0.2.9:54,${target}"]\n`,
  );
  const { values, sources } = loadConfiguration(serverSchema, { file });
  const upstream = target.replace('*3', '');
  const message = `route[1].target: the upstream ${upstream} is where the server listens (`;
  expect(() => checkRouting(values, sources)).toThrow(message);
  expect(() => checkRouting(values, sources)).toThrow(`name the service itself (${file}:2:9)`);
});

test('a server refuses a route of which one port of a range is its own', () => {
  const route = '127.0.0.1:1-10=127.0.0.1:7990-7999';
  const { values } = loadConfiguration(serverSchema, { flags: { listen: '127.0.0.1:7999', route: [route] } });
  expect(() => checkRouting(values)).toThrow('is where the server listens');
  expect(() => checkRouting({ ...values, listen: { address: '192.0.2.1', port: 7999 } })).not.toThrow();
});
