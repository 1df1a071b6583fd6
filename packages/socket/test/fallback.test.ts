// The addon does not load here, because node-gyp-build looks in a folder without one.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';

process.env['@RELAY/SOCKET_PREBUILD'] = join(tmpdir(), 'relay-no-such-folder');
const { createSocket, isNativeAvailable, SocketError } = await import('../src/index.js');

// Node.js passes the warnings of a test to no listener within the test.
const warnings: unknown[][] = [];
const emitWarning = process.emitWarning.bind(process);
process.emitWarning = (...values: unknown[]) => void warnings.push(values);
afterAll(() => {
  process.emitWarning = emitWarning;
});

test('the native engine is refused with the reason if its addon does not load', () => {
  expect(isNativeAvailable()).toBe(false);
  let error: unknown;
  try {
    createSocket({ engine: 'native' });
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(SocketError);
  expect(error).toMatchObject({ code: 'engine-unavailable', operation: 'create' });
  expect(String((error as Error).cause)).toContain('relay-no-such-folder');
});

test('the engine auto uses dgram and warns once if the addon does not load; the engine dgram does not warn', () => {
  expect(createSocket({ engine: 'dgram' }).engine).toBe('dgram');
  expect(warnings).toEqual([]);
  expect([createSocket(), createSocket({ engine: 'auto' })].map(({ engine }) => engine)).toEqual(['dgram', 'dgram']);
  expect(warnings).toEqual([[expect.stringContaining('going on with dgram'), { code: 'RELAY_SOCKET_FALLBACK' }]]);
});
