import { describe, expect, test } from '@jest/globals';
import { packEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint, type Endpoint } from '@relay/packet';
import type { Route } from '@relay/socket';
import { OwnHost } from '../../src/policy/own-host.js';
import { Pair, TARGET } from '../shard/pair.js';
import { allowanceOf } from './allowance.js';

const WIDE = '9.0.0.0/8';

const pack = (address: string, port = 53): Uint8Array => {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port }, packed, 0);
  return packed;
};

describe('what the kernel says of an address', () => {
  test.each([
    ['local', true],
    ['broadcast', true],
    ['multicast', true],
    ['elsewhere', false],
    ['unknown', undefined],
  ] as const)('%s: at this host %p', (route, isHere) => {
    expect(
      new OwnHost(
        () => route,
        () => 0,
      ).isHere(pack('192.0.2.1')),
    ).toBe(isHere);
  });

  test('is asked once in ten seconds for all ports of an address, and again if it said nothing', () => {
    let [nowMs, asked]: [number, number] = [0, 0];
    let route: Route = 'elsewhere';
    const host = new OwnHost(
      () => {
        asked++;
        return route;
      },
      () => nowMs,
    );
    host.isHere(pack('192.0.2.1', 53));
    host.isHere(pack('192.0.2.1', 54));
    expect(asked).toBe(1);
    host.isHere(pack('192.0.2.2'));
    expect(asked).toBe(2);
    route = 'local';
    nowMs = 9999;
    expect(host.isHere(pack('192.0.2.1'))).toBe(false);
    nowMs = 10_000;
    expect(host.isHere(pack('192.0.2.1'))).toBe(true);
    route = 'unknown';
    nowMs = 20_000;
    for (let i = 0; i < 2; i++) expect(host.isHere(pack('192.0.2.1'))).toBeUndefined();
    expect(asked).toBe(5);
  });

  test('is asked of each address, and of each interface that an address is at', () => {
    const asked: string[] = [];
    const host = new OwnHost(
      (endpoint) => (asked.push(unpackEndpoint(endpoint, 0).address), 'elsewhere'),
      () => 0,
    );
    const addresses = ['2000::1', 'fd00::1', '2000::2', 'fe80::1%1', 'fe80::1%2'];
    for (let i = 0; i < 2; i++) for (const address of addresses) host.isHere(pack(address));
    expect(asked).toEqual(addresses);
  });

  test('is kept for 4,096 addresses', () => {
    let asked = 0;
    const host = new OwnHost(
      () => (asked++, 'elsewhere'),
      () => 0,
    );
    const address = (i: number): Uint8Array => pack(`192.0.${i >> 8}.${i & 255}`);
    for (let i = 0; i <= 4096; i++) host.isHere(address(i));
    host.isHere(address(4096));
    expect(asked).toBe(4097);
    host.isHere(address(0));
    expect(asked).toBe(4098);
  });
});

describe("a target at the server's own host", () => {
  const open = async (allow: readonly string[], route: Route, local?: Endpoint): Promise<Pair> => {
    const pair = await Pair.open({ routeTo: () => route }, {}, (socket) => {
      if (local !== undefined) Object.defineProperty(socket, 'local', { value: local });
    });
    const changed = [{ ...pair.knownClient, allowances: allow.map(allowanceOf) }];
    pair.server.updateClients({ changed, gone: [] }, pair.nowMs);
    await pair.send('x');
    await pair.pass(100);
    return pair;
  };

  test('is refused, however wide the block that the invitation names', async () => {
    for (const route of ['local', 'broadcast', 'multicast'] as const) {
      const pair = await open([WIDE], route);
      expect(pair.arrivals).toEqual([]);
      expect(pair.server.figures().flows).toBe(0);
      expect(pair.server.figures().forward.toTarget.drops).toEqual({ 'denied-by-policy': 1 });
      expect(pair.clientEvents).toContainEqual(
        expect.objectContaining({ kind: 'refused', reason: 'denied-by-policy' }),
      );
    }
  });

  test('is reached where the invitation names its address alone', async () => {
    expect((await open([TARGET.address], 'local')).arrivals).toHaveLength(1);
  });

  test('is another host where the kernel says so', async () => {
    expect((await open([WIDE], 'elsewhere')).arrivals).toHaveLength(1);
  });

  test('is known by the address of the connected socket where the kernel says nothing of the route', async () => {
    expect((await open([WIDE], 'unknown')).arrivals).toHaveLength(1);
    const pair = await open([WIDE], 'unknown', { ...TARGET, port: 9 });
    expect(pair.arrivals).toEqual([]);
    expect(pair.server.figures()).toMatchObject({ flows: 0 });
    expect(pair.server.figures().forward.toTarget.drops).toEqual({ 'denied-by-policy': 1 });
  });
});
