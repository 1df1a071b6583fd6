import { describe, expect, test } from '@jest/globals';
import { allowanceFault, allowanceGap, parseAllowance } from '../../src/state/allowance.js';

describe('an allowance', () => {
  test.each([
    ['10.0.0.0/8', 104, []],
    ['192.0.2.1', 128, []],
    ['192.0.2.1:53', 128, [{ first: 53, last: 53 }]],
    [
      '127.0.0.0/8:53,5000-5010',
      104,
      [
        { first: 53, last: 53 },
        { first: 5000, last: 5010 },
      ],
    ],
    ['2001:db8::/32', 32, []],
    ['[2001:db8::]/32:53', 32, [{ first: 53, last: 53 }]],
    ['[2001:db8::1]:53', 128, [{ first: 53, last: 53 }]],
  ])('%s is read', (text, prefixBits, ports) => {
    expect(parseAllowance(text)).toMatchObject({ range: { prefixBits }, ports });
  });

  test('may be the word public, with ports or without', () => {
    expect(parseAllowance('public')).toEqual({ range: 'public', ports: [] });
    expect(parseAllowance('public:53,443')).toEqual({
      range: 'public',
      ports: [
        { first: 53, last: 53 },
        { first: 443, last: 443 },
      ],
    });
  });

  test.each(['2002::/16', '64:ff9b::/96', '[2002:a00::]/24:53', '::10.0.0.0/104'])(
    '%s is refused, since it could never match, with what to write instead',
    (text) => {
      expect(parseAllowance(text)).toBeUndefined();
      expect(allowanceFault(text)).toContain('the block of IPv4 addresses itself');
    },
  );

  test('that seems to hold special addresses says that it leaves them out', () => {
    for (const text of ['0.0.0.0/0', '::/0', '192.0.0.0/8:53']) expect(allowanceGap(text)).toContain('leaves out');
    for (const text of ['10.0.0.0/8', '127.0.0.1', 'public', '8.8.8.0/24', 'nonsense'])
      expect(allowanceGap(text)).toBeUndefined();
  });

  test.each([
    '',
    'public/8',
    'public:',
    'Public',
    '10.0.0.0/33',
    '10.0.0.1/8',
    '10.1/16',
    '0x7f.1',
    '10.0.0.0/8:',
    '10.0.0.0/8:0',
    '10.0.0.0/8:70000',
    '::1:53:99x',
    'example.com',
    '[10.0.0.0]/8x',
  ])('%p is no allowance', (text) => {
    expect(parseAllowance(text)).toBeUndefined();
  });
});
