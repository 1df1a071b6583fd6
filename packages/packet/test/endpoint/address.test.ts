import { isIP } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addressFamily, isGroupAddress, isUnspecifiedAddress, parseAddress } from '../../src/index.js';

describe('parseAddress', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['::192.0.2.1', '::c000:201'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['FE80::1%3', 'fe80::1%3'],
    ['ff02::1%br-1a2b', 'ff02::1%br-1a2b'],
  ])('parseAddress reads %s as %s', (text, canonical) => {
    expect(parseAddress(text)).toBe(canonical);
    expect(parseAddress(canonical)).toBe(canonical);
  });

  test.each([
    '',
    ' ',
    'localhost',
    '1',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.01',
    '127.0.0.1 ',
    ' 127.0.0.1',
    '127.0.0.1.',
    '.127.0.0.1',
    '127.0.0.256',
    '127.0.0.-1',
    '127.0.0.1/8',
    '127..0.1',
    '１.0.0.1',
    '127.0.0.1%eth0',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    '::g',
    '::0x1',
    '[::1]',
    '::1%',
    '::1%eth0',
    'fe80::1%',
    'fe80::1%a b',
    'fe80::1%a%b',
    'fe80::1%../x',
    '::ffff:127.0.0.1%3',
    '::127.1',
    '::ffff:0177.0.0.1',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::\n1',
    '127.0.0.1\0',
  ])('parseAddress refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

test('isUnspecifiedAddress knows the unspecified addresses however they are written, and nothing else', () => {
  for (const address of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'])
    expect(isUnspecifiedAddress(address)).toBe(true);
  for (const address of ['0.0.0.1', '::1', '::0.0.0.1', '127.0.0.1', '*', '', 'localhost'])
    expect(isUnspecifiedAddress(address)).toBe(false);
});

test('isGroupAddress knows multicast and broadcast, and nothing else', () => {
  for (const address of [
    '224.0.0.1',
    '239.255.255.255',
    '255.255.255.255',
    'ff02::1',
    'ff02::1%eth0',
    '::ffff:224.0.0.1',
  ])
    expect([address, isGroupAddress(address)]).toEqual([address, true]);
  for (const address of [
    '223.255.255.255',
    '240.0.0.1',
    '0.0.0.0',
    '::',
    'fe80::1',
    'ff::1',
    '22.4.0.1',
    'ff02.example',
    '',
  ])
    expect([address, isGroupAddress(address)]).toEqual([address, false]);
});

test('addressFamily counts IPv4-mapped addresses as IPv4 and refuses other texts', () => {
  expect(addressFamily('192.0.2.1')).toBe(4);
  expect(addressFamily('::ffff:192.0.2.1')).toBe(4);
  expect(addressFamily('2001:db8::1')).toBe(6);
  expect(() => addressFamily('localhost')).toThrow(RangeError);
});

describe('parseAddress agrees with Node.js', () => {
  const edits = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom('', ':', '::', '.', '0', '1', 'f', 'g', '9', '00', ' ', '1.2.3.4')),
    {
      maxLength: 3,
    },
  );
  const nearly = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), edits).map(([text, changes]) => {
    return changes.reduce((changed, [at, insert]) => {
      const cut = at % (changed.length + 1);
      return changed.slice(0, cut) + insert + changed.slice(cut + (at & 1));
    }, text);
  });

  test('parseAddress accepts the same texts as Node.js', () => {
    fc.assert(
      fc.property(nearly, (text) => expect(parseAddress(text) !== undefined).toBe(isIP(text) !== 0)),
      { numRuns: 5000 },
    );
  });

  test('parseAddress gives the canonical text of IPv6 that Node.js gives', () => {
    fc.assert(
      fc.property(nearly, (text) => {
        fc.pre(isIP(text) === 6);
        const [, hostname = ''] = /^\[(.*)\]$/.exec(new URL(`http://[${text}]/`).hostname) ?? [];
        const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(hostname);
        const groups = (mapped ?? []).slice(1).map((group) => Number.parseInt(group, 16));
        const dotted = groups.flatMap((group) => [group >> 8, group & 0xff]).join('.');
        expect(parseAddress(text)).toBe(mapped === null ? hostname : dotted);
      }),
      { numRuns: 1000 },
    );
  });
});
