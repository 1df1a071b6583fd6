import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dropReasonOf, packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { addressRange, blindSpotOf, TargetPolicy } from '../../src/index.js';
import { allowanceOf } from './allowance.js';
import * as oracle from './oracle.js';

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

function masked(address: Uint8Array, bits: number): Uint8Array {
  return address.slice(0, 16).map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))));
}

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
  // Outside of 2000::/3, with the mesh of Yggdrasil.
  ...['200::1', '400::1', '1fff::1', '4000::1', '7fff::1', '8000::1', 'f800::1', 'fe00::1'],
  // ISATAP, with each of its marks.
  ...['2a01:4f8::5efe:10.0.0.1', '2a01:4f8::200:5efe:10.0.0.1'],
  // Metadata of clouds at addresses that are no special ones.
  ...['168.63.129.16', '64:ff9b::168.63.129.16'],
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

  test.each([
    ['127.0.0.1', '127.0.0.0/8'],
    ['10.0.0.1', '10.0.0.0/8'],
    ['169.254.1.1', '169.254.0.0/16'],
    ['169.254.169.254', '169.254.169.254/32'],
    ['168.63.129.16', '168.63.129.16/32'],
    ['224.0.0.1', '224.0.0.0/4'],
    ['::1', '::1/128'],
    ['fe80::1', 'fe80::/10'],
    ['fc00::1', 'fc00::/7'],
    ['fd00:ec2::254', 'fd00:ec2::254/128'],
    ['ff02::1', 'ff00::/8'],
  ])('special address %s is reached by %s, and by no block that is wider than its range', (address, block) => {
    expect(verdict(policy(block), address)).toBe('allowed');
    const bits = addressRange({ address, prefix: Number(block.split('/')[1]) }).prefixBits - 1;
    const wider = { range: { address: masked(pack(address), bits), prefixBits: bits }, ports: [] };
    expect(verdict(new TargetPolicy([wider], () => false), address)).toBe('denied-by-policy');
    expect(verdict(policy('public'), address)).toBe('denied-by-policy');
  });

  test('0.0.0.0/0 and ::/0 open what is public, and nothing special', () => {
    const rights = policy('0.0.0.0/0', '::/0');
    for (const address of ['1.1.1.1', '2606:4700:4700::1111']) expect(verdict(rights, address)).toBe('allowed');
    for (const address of INSIDE) expect([address, verdict(rights, address)]).toEqual([address, 'denied-by-policy']);
  });

  test('a block opens no metadata of a cloud within it', () => {
    const rights = policy('169.254.0.0/16', '100.64.0.0/10', 'fd00::/8', '168.63.129.0/24');
    for (const address of ['169.254.1.1', '100.64.0.1', 'fd12::1', '168.63.129.17'])
      expect(verdict(rights, address)).toBe('allowed');
    for (const address of ['169.254.169.254', '169.254.170.2', '100.100.100.200', 'fd00:ec2::254', '168.63.129.16'])
      expect([address, verdict(rights, address)]).toEqual([address, 'denied-by-policy']);
  });

  test('the word public stands beside networks, with ports or without', () => {
    const rights = policy('public:53,443', '10.0.0.5:53');
    const seen = [
      ['8.8.8.8', 53],
      ['2606:4700:4700::1111', 443],
      ['64:ff9b::8.8.8.8', 53],
      ['10.0.0.5', 53],
      ['8.8.8.8', 80],
      ['10.0.0.5', 54],
      ['10.0.0.6', 53],
      ['127.0.0.1', 53],
    ] as const;
    expect(seen.map(([address, port]) => verdict(rights, address, port) === 'allowed')).toEqual([
      ...[true, true, true, true],
      ...[false, false, false, false],
    ]);
  });

  test('an IPv6 address that stands for an IPv4 one is judged in both forms', () => {
    // The block says 10.1.1.1, and not which way through which gateway.
    for (const encoding of ['2002:a01:101::5', '64:ff9b::10.1.1.1', '2001:db8::5efe:10.1.1.1'])
      expect(verdict(policy('10.0.0.0/8'), encoding)).toBe('denied-by-policy');
    expect(verdict(policy('2001:db8::/32'), '2001:db8::5efe:10.1.1.1')).toBe('denied-by-policy');
    expect(verdict(policy('2001:db8::/32', '10.0.0.0/8'), '2001:db8::5efe:10.1.1.1')).toBe('allowed');
    expect(verdict(policy('2000::/3', '10.0.0.0/8'), '2002:a01:101::5')).toBe('allowed');
    expect(verdict(policy('2001:db8::/32'), '2001:db8::1')).toBe('allowed');
  });

  test.each(['2002::/16', '2002:a01::/32', '64:ff9b::/96', '::/96', '2001::/32', '::ffff:0:0:0/96'])(
    'a block of addresses that stand for IPv4 ones, %s, opens nothing and is known as that',
    (block) => {
      expect(blindSpotOf(allowanceOf(block))).toBe('embedding');
    },
  );

  test.each([
    ['0.0.0.0/0', 'special'],
    ['192.168.0.0/15', 'special'],
    ['::/0', 'special'],
    ['2000::/3', 'special'],
    ['169.254.0.0/16', 'special'],
    ['10.0.0.0/8', undefined],
    ['8.8.8.0/24', undefined],
    ['::1', undefined],
    ['public', undefined],
  ])('what %s leaves out is known: %p', (block, spot) => {
    expect(blindSpotOf(allowanceOf(block))).toBe(spot);
  });

  test('an address of the own host is named by itself or by a block of special addresses', () => {
    const names = (allowance: string, address: string): boolean => policy(allowance).names(pack(address), 0);
    expect(names('93.184.216.34', '93.184.216.34')).toBe(true);
    expect(names('127.0.0.0/8', '127.0.0.1')).toBe(true);
    expect(names('10.0.0.0/8', '10.0.0.5')).toBe(true);
    for (const wide of ['public', '93.184.216.0/24', '0.0.0.0/0', '93.184.216.34:54'])
      expect([wide, names(wide, '93.184.216.34')]).toEqual([wide, false]);
    expect(new TargetPolicy([], () => false).names(pack('93.184.216.34'), 0)).toBe(false);
  });

  test('port 0 is never a target', () => {
    expect(verdict(policy('127.0.0.1'), '127.0.0.1', 0)).toBe('denied-by-policy');
  });

  test("the server's own endpoints are refused before anything is allowed", () => {
    const own = new TargetPolicy([allowanceOf('127.0.0.0/8')], () => true);
    expect(verdict(own, '127.0.0.1')).toBe('loop');
  });

  // coturn CVE-2026-27624 and the regression of its own mend: IPv4 in disguise.
  test('without an allowance an IPv4 address and each of its encodings are judged alike; with one, no encoding reaches more', () => {
    const hex = (bytes: readonly number[]): string => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
    fc.assert(
      fc.property(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)), (bytes) => {
        const [strangers, rights] = [policy(), policy('0.0.0.0/1', '192.168.0.0/16:53')];
        const dotted = bytes.join('.');
        const plain = hex(bytes);
        const inverted = hex(bytes.map((byte) => byte ^ 0xff));
        const encodings = [
          `::ffff:0:${dotted}`,
          `64:ff9b::${dotted}`,
          `2002:${plain.slice(0, 4)}:${plain.slice(4)}::1`,
          `2001:0:1:2:3:4:${inverted.slice(0, 4)}:${inverted.slice(4)}`,
          ...(plain.startsWith('000000') ? [] : [`::${dotted}`]),
        ];
        for (const encoding of encodings) {
          expect(verdict(strangers, encoding)).toBe(verdict(strangers, dotted));
          expect(verdict(rights, encoding)).toBe('denied-by-policy');
        }
        for (const each of [strangers, rights]) expect(verdict(each, `::ffff:${dotted}`)).toBe(verdict(each, dotted));
      }),
    );
  });

  test('the verdict agrees with a slow oracle that asks each range in words', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x20, 0x64, 127, 169, 192, 0xfc, 0xfe, 0xff));
    const address = fc.oneof(
      fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.')),
      fc.constantFrom('10.1.2.3', '169.254.169.254', '168.63.129.16', '100.100.100.200', '192.168.0.1', '8.8.8.8'),
      fc
        .tuple(fc.constantFrom(0x200, 0x2001, 0x2a01, 0x3fff, 0x4000, 0xfc00, 0xfd00, 0xfe80, 0xff02), fc.nat(0xffff))
        .map(([first, second]) => `${first.toString(16)}:${second.toString(16)}::7`),
    );
    fc.assert(
      fc.property(address, fc.array(fc.tuple(address, fc.nat(128)), { maxLength: 3 }), (target, blocks) => {
        const texts = blocks.map(([base, bits]) => oracle.block(base, bits));
        const rights = new TargetPolicy(
          texts.map(({ bits, base }) => ({
            range: { address: oracle.bytes(base), prefixBits: bits },
            ports: [],
          })),
          () => false,
        );
        expect(verdict(rights, target)).toBe(oracle.verdict(target, texts) ? 'allowed' : 'denied-by-policy');
      }),
      { numRuns: 2000 },
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
