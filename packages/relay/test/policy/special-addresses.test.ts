import { networkInterfaces } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { dropReasonOf, packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { OwnEndpoints } from '../../src/policy/own-endpoints.js';
import { TargetPolicy } from '../../src/policy/target-policy.js';
import { allowanceOf } from './allowance.js';
import { unwrapAddress } from '../../src/policy/special-addresses.js';

const addressesOfThisHost = (): string[] =>
  Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address }) => address));

function packed(address: string, port = 53): Uint8Array {
  const bytes = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, bytes, 0);
  return bytes;
}

const strangers = new TargetPolicy([], () => false);
const verdict = (address: string): string => {
  const code = strangers.verdict(packed(address), 0);
  return code === 0 ? 'allowed' : dropReasonOf(code);
};

/**
 * First and last address of each range of the IANA special-purpose registries, and its neighbours
 * that are public.
 */
const RANGES: readonly (readonly [range: string, first: string, last: string, beside: readonly string[]])[] = [
  ['this network', '0.0.0.0', '0.255.255.255', ['1.0.0.0']],
  ['private 10', '10.0.0.0', '10.255.255.255', ['9.255.255.255', '11.0.0.0']],
  ['carrier-grade NAT', '100.64.0.0', '100.127.255.255', ['100.63.255.255', '100.128.0.0']],
  ['loopback', '127.0.0.0', '127.255.255.255', ['126.255.255.255', '128.0.0.0']],
  ['link-local', '169.254.0.0', '169.254.255.255', ['169.253.255.255', '169.255.0.0']],
  ['private 172.16', '172.16.0.0', '172.31.255.255', ['172.15.255.255', '172.32.0.0']],
  ['protocol assignments', '192.0.0.0', '192.0.0.255', ['191.255.255.255', '192.0.1.0']],
  ['documentation 1', '192.0.2.0', '192.0.2.255', ['192.0.1.255', '192.0.3.0']],
  ['AS112 v4', '192.31.196.0', '192.31.196.255', ['192.31.195.255', '192.31.197.0']],
  ['AMT', '192.52.193.0', '192.52.193.255', ['192.52.192.255', '192.52.194.0']],
  ['6to4 anycast', '192.88.99.0', '192.88.99.255', ['192.88.98.255', '192.88.100.0']],
  ['private 192.168', '192.168.0.0', '192.168.255.255', ['192.167.255.255', '192.169.0.0']],
  ['direct AS112', '192.175.48.0', '192.175.48.255', ['192.175.47.255', '192.175.49.0']],
  ['benchmarking', '198.18.0.0', '198.19.255.255', ['198.17.255.255', '198.20.0.0']],
  ['documentation 2', '198.51.100.0', '198.51.100.255', ['198.51.99.255', '198.51.101.0']],
  ['documentation 3', '203.0.113.0', '203.0.113.255', ['203.0.112.255', '203.0.114.0']],
  ['multicast to broadcast', '224.0.0.0', '255.255.255.255', ['223.255.255.255']],
  ['unspecified', '::', '::', []],
  ['loopback v6', '::1', '::1', []],
  ['local NAT64', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', []],
  ['discard', '100::', '100::ffff:ffff:ffff:ffff', []],
  ['protocol assignments v6', '2001:1::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', ['2001:200::']],
  ['documentation v6', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', ['2001:db7::', '2001:db9::']],
  ['AS112 v6', '2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff', ['2620:4f:7fff::', '2620:4f:8001::']],
  ['documentation 3fff', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', ['3ffe::', '3fff:1000::']],
  ['below global unicast', '65::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ['2000::']],
  ['above global unicast', '4000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['segment routing', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['unique-local', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['link-local v6', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['site-local', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
  ['multicast v6', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', []],
];

describe('special ranges', () => {
  test.each(RANGES)('%s: %s to %s is denied, and nothing beside it', (_name, first, last, beside) => {
    expect([verdict(first), verdict(last)]).toEqual(['denied-by-policy', 'denied-by-policy']);
    expect(beside.map(verdict)).toEqual(beside.map(() => 'allowed'));
  });
});

describe("the server's own endpoints", () => {
  const own = new OwnEndpoints([{ address: '::', port: 7878 }], addressesOfThisHost);
  own.look();
  const policy = new TargetPolicy(['0.0.0.0/0', '::/0'].map(allowanceOf), (target, offset) =>
    own.includes(target, offset),
  );
  const verdictOn = (address: string, port: number): string => {
    const code = policy.verdict(packed(address, port), 0);
    return code === 0 ? 'allowed' : dropReasonOf(code);
  };
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => address.split('%')[0] ?? '');
  const FORMS = [
    ...['127.0.0.1', '127.1.2.3', '0.0.0.0', '::', '::1', '::ffff:127.0.0.1', '::127.0.0.1', '::ffff:0:127.0.0.1'],
    ...['64:ff9b::127.0.0.1', '2002:7f00:1::', '2001:0:1:2:3:4:80ff:fffe'],
    ...addresses,
  ];

  test.each(FORMS)('%s is one of them with the own port, even where everything is allowed', (address) => {
    expect(verdictOn(address, 7878)).toBe('loop');
    expect(verdictOn(address, 7879)).not.toBe('loop');
  });

  test('another host is none of them', () => {
    expect(verdictOn('192.1.2.55', 7878)).toBe('allowed');
    expect(verdictOn('2001:db9::55', 7878)).toBe('allowed');
  });

  test('stay known where the addresses cannot be read; until they can, every host might be one', () => {
    const answers = [['192.0.2.1'], ['192.0.2.2', 'fe80::1%eth0']];
    let hasDescriptors = false;
    const changing = new OwnEndpoints([{ address: '0.0.0.0', port: 7878 }], () => {
      if (!hasDescriptors) throw new Error('EMFILE: uv_interface_addresses');
      return answers.shift() ?? [];
    });
    const includes = (address: string, port = 7878): boolean => changing.includes(packed(address, port), 0);
    expect(() => changing.look()).toThrow('EMFILE');
    expect([includes('192.0.2.1'), includes('192.0.2.1', 53)]).toEqual([true, false]);
    hasDescriptors = true;
    changing.look();
    expect([includes('192.0.2.1'), includes('192.0.2.2')]).toEqual([true, false]);
    hasDescriptors = false;
    expect(() => changing.look()).toThrow('EMFILE');
    expect([includes('192.0.2.1'), includes('192.0.2.2')]).toEqual([true, false]);
    hasDescriptors = true;
    changing.look();
    expect(['192.0.2.1', '192.0.2.2', 'fe80::1'].map((address) => includes(address))).toEqual([false, true, true]);
  });
});

describe('the address that one really means', () => {
  test.each([
    ['::', '::'],
    ['::1', '::1'],
    ['::2', '0.0.0.2'],
    ['::1:0', '0.1.0.0'],
    ['::1.2.3.4', '1.2.3.4'],
    ['64:ff9b::1.2.3.4', '1.2.3.4'],
    ['2002:102:304::', '1.2.3.4'],
    ['2001:0:1:2:3:4:fefd:fcfb', '1.2.3.4'],
    ['::ffff:0:1.2.3.4', '1.2.3.4'],
    ['1.2.3.4', '1.2.3.4'],
    ['2001:db8::1', '2001:db8::1'],
    ['1::1.2.3.4', '1::102:304'],
    ['2a01:4f8::5efe:1.2.3.4', '2a01:4f8::5efe:102:304'],
  ])('is, for %s, %s', (address, real) => {
    const before = Uint8Array.of(...new Uint8Array(3).fill(9), ...packed(address));
    const into = new Uint8Array(PACKED_ENDPOINT_BYTES);
    unwrapAddress(before, 3, into);
    expect(into.subarray(0, 16)).toEqual(packed(real).subarray(0, 16));
  });
});
