import { expect, test } from '@jest/globals';
import { withKnownZone } from '../src/index.js';

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
