import { describe, expect, test } from '@jest/globals';
import { ConfigurationError } from '@relay/config';
import { ProgramFailure } from '@relay/program';
import { readRights } from '../../src/state/rights.js';

describe('rights', () => {
  test.each([
    ['ada', { allow: [] }],
    ['ada --allow 10.0.0.0/8', { allow: ['10.0.0.0/8'] }],
    [
      'ada --allow 192.0.2.1:53 --allow [2001:db8::]/32:53,5353',
      { allow: ['192.0.2.1:53', '[2001:db8::]/32:53,5353'] },
    ],
    ['ada --max-pps 1000 --max-bps 8000000', { allow: [], maxPps: 1000, maxBps: 8_000_000 }],
    ['ada --max-bps 8Mbit/s --expires 7d', { allow: [], maxBps: 8_000_000, expiresInMs: 7 * 86_400_000 }],
    ['--expires 90s ada', { allow: [], expiresInMs: 90_000 }],
  ])('of: invite %s', (line, rights) => {
    expect(readRights(line.split(' '))).toEqual({
      name: 'ada',
      rights: { maxPps: undefined, maxBps: undefined, expiresInMs: undefined, ...rights },
    });
  });

  test.each([
    ['ada --allow 10.0.0.0/33', /allow.*10\.0\.0\.0\/33/],
    ['ada --allow example.com', /allow.*example\.com/],
    ['ada --max-pps 0', /max-?[pP]ps/],
    ['ada --max-pps 1e3', /max-?[pP]ps/],
    ['ada --max-bps -5', /max-?[bB]ps/],
    ['ada --expires 7', /expires/],
    ['ada --expires 0s', /expires/],
  ])('invite %s is refused', (line, expected) => {
    expect(() => readRights(line.split(' '))).toThrow(ConfigurationError);
    expect(() => readRights(line.split(' '))).toThrow(expected);
  });

  test('everything that is wrong is told at once', () => {
    expect(() => readRights('ada --allow x --expires y'.split(' '))).toThrow(/allow[^]*expires/);
  });

  test.each([
    ['', /needs one name/],
    ['ada bob', /needs one name/],
    ['ada --colour red', /colour/],
  ])('invite %s is no invitation', (line, expected) => {
    const words = line.split(' ').filter((word) => word !== '');
    expect(() => readRights(words)).toThrow(ProgramFailure);
    expect(() => readRights(words)).toThrow(expected);
  });
});

describe('the name of a client', () => {
  test.each(['1e3', '0x10', '007', '12'])('is %s as it was typed, not the number that it looks like', (name) => {
    expect(readRights([name]).name).toBe(name);
  });
});
