import { describe, expect, test } from '@jest/globals';
import { withKnownZone } from '../src/index.js';
import { kernelEngines } from './engines.js';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%2', 'fe80::1%2'],
  ['fe80::1%4294967295', 'fe80::1%4294967295'],
  ['fe80::1%4294967296', undefined],
  ['fe80::1%no-such-interface', undefined],
])('the address %s with a known zone is %s', (address, known) => {
  expect(withKnownZone(address)).toBe(known);
});

// A zone that stands for no interface was an internal error of programs (field.md 13).
describe.each(kernelEngines)('a socket of the engine $engine', ({ create }) => {
  test.each(['local', 'remote'] as const)('does not open where its %s endpoint has an unknown zone', async (end) => {
    const socket = create({ [end]: { address: 'fe80::1%no-such', port: 7878 } });
    await expect(socket.open()).rejects.toMatchObject({ name: 'SocketError', code: 'address-not-available' });
    await socket.close();
  });
});
