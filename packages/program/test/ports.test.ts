import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parsePortRange, portsThatFit } from '../src/descriptors/ports.js';

test.each([
  ['32768\t60999\n', 21_174],
  ['1024 1027', 3],
  ['1024 1024', 0],
  ['5 4', undefined],
  ['', undefined],
  ['32768', undefined],
  ['a b', undefined],
])('three quarters of the ports %j are for one program', (text, ports) => {
  expect(parsePortRange(text)).toBe(ports);
});

test('the range is that of this host', () => {
  const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1');
  expect(portsThatFit()).toBe(parsePortRange(text));
});
