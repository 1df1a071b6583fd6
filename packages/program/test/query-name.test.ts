import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { answerOf } from '../src/query-name.js';

const fulfilled = (records: readonly { readonly address: string; readonly ttl: number | undefined }[]) =>
  ({ status: 'fulfilled', value: records }) as const;
const failed = (code: string) => ({ status: 'rejected', reason: { code } }) as const;

describe('the answer of name servers', () => {
  test('is kept as long as the shortest of its addresses', () => {
    const found = [fulfilled([{ address: '192.0.2.1', ttl: 60 }]), fulfilled([{ address: '2001:db8::1', ttl: 30 }])];
    expect(answerOf(found)).toMatchObject({ ttlMs: 30_000 });
    expect(answerOf([...found].reverse())).toMatchObject({ ttlMs: 30_000 });
  });

  // Node.js gives the time of the first 256 only; the answer was then kept for ever.
  test('with very many addresses has some of them, and a time', () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({
      address: `192.0.2.${i & 255}`,
      ttl: i < 256 ? 5 : undefined,
    }));
    const answer = answerOf([fulfilled(many), failed('ENODATA')]);
    expect(answer).toMatchObject({ ttlMs: 5000 });
    expect(answer).toHaveProperty('addresses.length', 64);
    expect(answerOf([fulfilled(many.slice(300)), failed('ENODATA')])).toMatchObject({ ttlMs: 0 });
  });

  test.each([
    ['not-found', ['ENOTFOUND', 'ENODATA']],
    ['unavailable', ['ENOTFOUND', 'ETIMEOUT']],
  ])('is %s where the families have %j', (answer, codes) => {
    expect(answerOf(codes.map(failed))).toBe(answer);
  });

  const WIDE: NetworkInterfaceInfo = {
    ...{ family: 'IPv6', address: '2001:db8::7', cidr: '2001:db8::7/64', netmask: 'ffff:ffff:ffff:ffff::' },
    ...{ internal: false, scopeid: 0, mac: '00:00:00:00:00:00' },
  };
  const { scopeid: _, ...ofBoth } = WIDE;
  const IPV4: NetworkInterfaceInfo = { ...ofBoth, family: 'IPv4', address: '192.0.2.7' };
  test.each([
    ['IPv6', 'an IPv6 address with which it gets beyond its links', [IPV4, WIDE]],
    ['IPv4', 'no IPv6', [IPV4]],
    ['IPv4', 'IPv6 within itself only', [IPV4, { ...WIDE, address: '::1', internal: true }]],
    ['IPv4', 'IPv6 on its links only', [IPV4, { ...WIDE, address: 'fe80::7', scopeid: 2 }]],
    ['IPv4', 'no interface', undefined],
  ] as const)('has %s addresses first on a host that has %s', (first, _what, own) => {
    const found = [fulfilled([{ address: '192.0.2.1', ttl: 60 }]), fulfilled([{ address: '2001:db8::1', ttl: 60 }])];
    const addresses = ['192.0.2.1', '2001:db8::1'];
    const interfaces = () => ({ eth0: own && [...own] });
    expect(answerOf(found, interfaces)).toMatchObject({
      addresses: first === 'IPv6' ? addresses.reverse() : addresses,
    });
  });

  test('has IPv4 addresses first where the interfaces cannot be read', () => {
    const found = [fulfilled([{ address: '192.0.2.1', ttl: 60 }]), fulfilled([{ address: '2001:db8::1', ttl: 60 }])];
    const unreadable = (): never => {
      throw new Error('EMFILE');
    };
    expect(answerOf(found, unreadable)).toMatchObject({ addresses: ['192.0.2.1', '2001:db8::1'] });
  });

  test.each([null, undefined, 'ENODATA', 7])('is unavailable where a family fails with %p', (reason) => {
    expect(answerOf([{ status: 'rejected', reason }, failed('ENODATA')])).toBe('unavailable');
  });
});
