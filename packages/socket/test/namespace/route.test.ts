// test/surroundings.test.ts runs this in its own network namespace, with public addresses of its
// own on a pair of interfaces, and a block that is routed to the host.
import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { packEndpoint, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { isNativeAvailable, routeTo, type Route } from '../../src/index.js';
import { kernelEngines } from '../engines.js';

const ip = (...words: string[]): unknown => execFileSync('ip', words);
ip('link', 'set', 'lo', 'up');
ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1');
for (const name of ['v0', 'v1']) ip('link', 'set', name, 'up');
ip('address', 'add', '93.184.216.34/24', 'dev', 'v0');
ip('-6', 'address', 'add', '2a01:4f8:1:1::5/64', 'dev', 'v0', 'nodad');
ip('route', 'add', 'local', '45.45.45.0/24', 'dev', 'lo');
ip('route', 'add', 'default', 'via', '93.184.216.1');

function route(address: string): Route {
  const packed = new Uint8Array(PACKED_ENDPOINT_BYTES);
  packEndpoint({ address, port: 53 }, packed, 0);
  return routeTo(packed);
}

if (isNativeAvailable())
  test.each<[string, Route]>([
    ['93.184.216.34', 'local'],
    ['2a01:4f8:1:1::5', 'local'],
    ['45.45.45.7', 'local'],
    ['127.0.0.1', 'local'],
    ['127.1.2.3', 'local'],
    ['::1', 'local'],
    ['93.184.216.255', 'broadcast'],
    ['255.255.255.255', 'broadcast'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['93.184.216.35', 'elsewhere'],
    ['2a01:4f8:1:1::6', 'elsewhere'],
    ['8.8.8.8', 'elsewhere'],
    ['2606:4700:4700::1111', 'elsewhere'], // no route leads there
  ])('the kernel says of the route to %s: %s', (address, expected) => {
    expect(route(address)).toBe(expected);
  });

test('a new address of this host is local at once', () => {
  const before = route('93.184.216.99');
  ip('address', 'add', '93.184.216.99/24', 'dev', 'v0');
  expect([before, route('93.184.216.99')]).toEqual(
    isNativeAvailable() ? ['elsewhere', 'local'] : ['unknown', 'unknown'],
  );
});

test.each(kernelEngines)(
  'a socket of the engine $engine reaches this host from the address itself',
  async ({ create }) => {
    for (const [address, isHere] of [
      ['93.184.216.34', true],
      ['2a01:4f8:1:1::5', true],
      ['45.45.45.7', true],
      ['93.184.216.35', false],
    ] as const) {
      const socket = create({ remote: { address, port: 53 } });
      await socket.open();
      expect([address, socket.local.address === address]).toEqual([address, isHere]);
      await socket.close();
    }
  },
);
