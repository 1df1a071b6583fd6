import { networkInterfaces } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { OwnEndpoints } from '../../src/policy/own-endpoints.js';

const addressesOfThisHost = (): string[] =>
  Object.values(networkInterfaces()).flatMap((found = []) => found.map(({ address }) => address));

const pack = (address: string, port: number): Uint8Array => {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, packed, 0);
  return packed;
};
// Two bytes that differ, and neighbours that differ in either.
const PORT = 0x1e_c6;
const own = (): OwnEndpoints => {
  const endpoints = new OwnEndpoints([{ address: '::', port: PORT }], addressesOfThisHost);
  endpoints.look();
  return endpoints;
};
const includes = (address: string, port = PORT): boolean => own().includes(pack(address, port), 0);

describe("the server's own endpoints", () => {
  test.each(['127.0.0.1', '127.255.255.255', '0.0.0.0', '0.1.2.3', '::', '::1'])(
    'are at %s, whatever the interfaces are',
    (address) => {
      expect(includes(address)).toBe(true);
    },
  );

  test.each(['192.0.2.1', '128.0.0.1', '126.255.255.255', '1.0.0.0', '::2', '2001:db8::1'])(
    'are not at %s',
    (address) => {
      expect(includes(address)).toBe(false);
    },
  );

  test.each([PORT + 1, PORT - 1, PORT ^ 0x100, PORT ^ 0x8000, 0])('have no port %d', (port) => {
    expect(includes('127.0.0.1', port)).toBe(false);
  });

  test('are at every address that this host has', () => {
    const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
    expect(addresses.length).toBeGreaterThan(0);
    for (const { address } of addresses) expect(includes(address.split('%')[0] ?? '')).toBe(true);
  });

  test('are each of those on which it listens, wherever they lie in a buffer', () => {
    const both = new OwnEndpoints(
      [
        { address: '192.0.2.1', port: 1 },
        { address: '192.0.2.1', port: 2 },
      ],
      () => [],
    );
    both.look();
    const bytes = new Uint8Array(3 * PACKED_ENDPOINT_BYTES);
    bytes.set(pack('127.0.0.1', 1), 0);
    bytes.set(pack('127.0.0.1', 2), PACKED_ENDPOINT_BYTES);
    bytes.set(pack('127.0.0.1', 3), 2 * PACKED_ENDPOINT_BYTES);
    const found = [0, 1, 2].map((i) => both.includes(bytes, i * PACKED_ENDPOINT_BYTES));
    expect(found).toEqual([true, true, false]);
  });

  test('are added and removed one by one: a port with two sockets stays until both are closed', () => {
    const endpoints = own();
    const isOwn = (): boolean => endpoints.includes(pack('127.0.0.1', 27_015), 0);
    expect(isOwn()).toBe(false);
    endpoints.add(27_015);
    endpoints.add(27_015);
    endpoints.remove(27_015);
    expect(isOwn()).toBe(true);
    endpoints.remove(27_015);
    expect([isOwn(), endpoints.includes(pack('127.0.0.1', PORT), 0)]).toEqual([false, true]);
  });

  test('are at any address with an own port as long as the addresses of this host could not be read', () => {
    const unread = new OwnEndpoints([{ address: '::', port: PORT }], () => {
      throw new Error('no descriptor left');
    });
    expect(() => unread.look()).toThrow('no descriptor left');
    expect(unread.includes(pack('192.0.2.1', PORT), 0)).toBe(true);
    expect(unread.includes(pack('192.0.2.1', PORT + 1), 0)).toBe(false);
  });

  test('stay the former ones where this host cannot be read again', () => {
    let isBroken = false;
    const endpoints = new OwnEndpoints([{ address: '::', port: PORT }], () => {
      if (isBroken) throw new Error('no descriptor left');
      return ['192.0.2.7'];
    });
    endpoints.look();
    isBroken = true;
    expect(() => endpoints.look()).toThrow('no descriptor left');
    expect(endpoints.includes(pack('192.0.2.7', PORT), 0)).toBe(true);
    expect(endpoints.includes(pack('192.0.2.8', PORT), 0)).toBe(false);
  });

  test('of a socket at one address are there alone, and no more when it is closed', () => {
    const endpoints = new OwnEndpoints([], () => ['192.0.2.1', '192.0.2.2']);
    endpoints.look();
    const at = (address: string): boolean => endpoints.includes(pack(address, PORT), 0);
    const both = ['192.0.2.1', '2001:db8::1'].map((address) => ({ address, port: PORT }));
    for (const endpoint of both) endpoints.addEndpoint(endpoint);
    endpoints.addEndpoint({ address: '192.0.2.1', port: PORT });
    const addresses = ['192.0.2.1', '192.0.2.2', '127.0.0.1', '2001:db8::1', '2001:db8::2'];
    expect(addresses.filter(at)).toEqual(['192.0.2.1', '2001:db8::1']);
    for (const endpoint of both) endpoints.removeEndpoint(endpoint);
    expect(addresses.filter(at)).toEqual(['192.0.2.1']);
    endpoints.removeEndpoint({ address: '192.0.2.1', port: PORT });
    expect(addresses.filter(at)).toEqual([]);
  });

  test.each(['0.0.0.0', '::', '127.0.0.1', '127.0.0.53', '::1'])(
    'of a socket at %s are at whichever address of this host',
    (address) => {
      const endpoints = new OwnEndpoints([], () => ['192.0.2.1']);
      endpoints.look();
      endpoints.addEndpoint({ address, port: PORT });
      const at = (other: string): boolean => endpoints.includes(pack(other, PORT), 0);
      expect(['127.0.0.1', '0.0.0.0', '192.0.2.1', '192.0.2.9'].map(at)).toEqual([true, true, true, false]);
    },
  );
});
