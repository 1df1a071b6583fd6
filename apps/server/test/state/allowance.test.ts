import { describe, expect, test } from '@jest/globals';
import { parseAllowance } from '../../src/state/allowance.js';

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

  test.each([
    '',
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
