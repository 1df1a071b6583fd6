import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dropReasonOf, packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { TargetPolicy } from '../../src/index.js';
import { allowanceOf } from './allowance.js';

const pack = (address: string, port = 53): Uint8Array => {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, packed, 0);
  return packed;
};
const policy = (...allow: string[]): TargetPolicy => {
  return new TargetPolicy(allow.map(allowanceOf), () => false);
};
const verdict = (rights: TargetPolicy, address: string, port = 53): string => {
  const code = rights.verdict(pack(address, port), 0);
  return code === 0 ? 'allowed' : dropReasonOf(code);
};

// coturn CVE-2020-26262 and what came after it: every way to say "inside" that some relay once let
// through.
const INSIDE = [
  ...['0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.254', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...[
    '169.254.169.254',
    '100.64.0.1',
    '192.0.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '239.1.1.1',
    '240.0.0.1',
    '255.255.255.255',
  ],
  ...['::', '::1', '::2', 'fe80::1', 'febf::1', 'fec0::1', 'fc00::1', 'fd12::1', 'ff02::1', 'ff0e::1', '2001:db8::1'],
  ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::127.0.0.1', '::ffff:0:127.0.0.1', '64:ff9b::127.0.0.1', '64:ff9b:1::1'],
  ...['2002:7f00:1::1', '2002:a00:1::1', '2001:0:1:2:3:4:80ff:fffe', '100::1', '5f00::1', '3fff::1'],
];

describe('TargetPolicy', () => {
  test.each(INSIDE)('without an allowance %s is denied', (address) => {
    expect(verdict(policy(), address)).toBe('denied-by-policy');
  });

  test.each(['1.1.1.1', '8.8.8.8', '2606:4700:4700::1111', '2002:808:808::1', '64:ff9b::8.8.8.8', '::8.8.8.8'])(
    'without an allowance public %s is allowed',
    (address) => {
      expect(verdict(policy(), address)).toBe('allowed');
    },
  );

  test('an allowance names all that may be reached', () => {
    const rights = policy('127.0.0.0/8:53,5353', '[fd00::]/8:1000-2000', '2001:db8::/32');
    expect(verdict(rights, '127.0.0.1', 53)).toBe('allowed');
    expect(verdict(rights, '127.0.0.1', 54)).toBe('denied-by-policy');
    expect(verdict(rights, 'fd00::1', 1500)).toBe('allowed');
    expect(verdict(rights, '2001:db8::5', 9)).toBe('allowed');
    expect(verdict(rights, '8.8.8.8', 53)).toBe('denied-by-policy');
  });

  test('port 0 is never a target', () => {
    expect(verdict(policy('127.0.0.1'), '127.0.0.1', 0)).toBe('denied-by-policy');
  });

  test("the server's own endpoints are refused before anything is allowed", () => {
    const own = new TargetPolicy([allowanceOf('127.0.0.0/8')], () => true);
    expect(verdict(own, '127.0.0.1')).toBe('loop');
  });

  // coturn CVE-2026-27624 and the regression of its own mend: IPv4 in disguise.
  test('the verdict on an IPv4 address equals the verdict on each of its encodings', () => {
    const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    fc.assert(
      fc.property(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)), fc.boolean(), (bytes, isAllowing) => {
        const rights = isAllowing ? policy('0.0.0.0/1', '192.168.0.0/16:53') : policy();
        const dotted = bytes.join('.');
        const plain = hex(bytes);
        const inverted = hex(bytes.map((byte) => byte ^ 0xff));
        const encodings = [
          `::ffff:${dotted}`,
          `::ffff:0:${dotted}`,
          `64:ff9b::${dotted}`,
          `2002:${plain.slice(0, 4)}:${plain.slice(4)}::1`,
          `2001:0:1:2:3:4:${inverted.slice(0, 4)}:${inverted.slice(4)}`,
          ...(plain.startsWith('000000') ? [] : [`::${dotted}`]),
        ];
        for (const encoding of encodings) expect(verdict(rights, encoding)).toBe(verdict(rights, dotted));
      }),
    );
  });

  // coturn compared IPv6 ranges byte by byte, each byte by itself.
  test('ranges agree with arithmetic on whole numbers', () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(address, address, fc.integer({ min: 8, max: 128 }), fc.nat(128), (base, other, prefix, shared) => {
        base[0] = other[0] = 0x26; // public and in no special range
        const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
        const text = (value: bigint): string => value.toString(16).padStart(32, '0').match(/.{4}/g)?.join(':') ?? '';
        const mask = (bits: number): bigint => ((1n << BigInt(bits)) - 1n) << BigInt(128 - bits);
        const block = number(base) & mask(prefix);
        const near = (number(base) & mask(shared)) | (number(other) & ~mask(shared) & mask(128));
        const expected = (near & mask(prefix)) === block ? 'allowed' : 'denied-by-policy';
        expect(verdict(policy(`${text(block)}/${prefix}`), text(near))).toBe(expected);
      }),
    );
  });
});
