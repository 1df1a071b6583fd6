import { networkInterfaces } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { parseAddress } from '@relay/packet';
import { thisMachine } from '../src/index.js';

describe('the machine of this process', () => {
  test('runs what is scheduled, and does not run what is cancelled', async () => {
    const ran: string[] = [];
    thisMachine.schedule(1, () => ran.push('cancelled timer'))();
    thisMachine.soon(() => ran.push('cancelled soon'))();
    const beganMs = thisMachine.clock();
    await new Promise<void>((resolve) => {
      thisMachine.soon(() => ran.push('soon'));
      thisMachine.schedule(5, resolve);
    });
    expect(ran).toEqual(['soon']);
    expect(thisMachine.clock()).toBeGreaterThan(beganMs);
  });

  test('has sockets, names, addresses and randomness', async () => {
    const socket = thisMachine.openSocket({ local: { address: '127.0.0.1', port: 0 } });
    await socket.open();
    expect(socket.local.port).toBeGreaterThan(0);
    await socket.close();
    expect(await thisMachine.resolveName('127.0.0.1')).toEqual(['127.0.0.1']);
    await expect(thisMachine.resolveName('a'.repeat(64))).rejects.toThrow();
    const addresses = thisMachine.localAddresses();
    expect(addresses).toHaveLength(Object.values(networkInterfaces()).flat().length);
    expect(addresses.map((address) => parseAddress(address))).not.toContain(undefined);
    const linkLocal = Object.entries(networkInterfaces()).flatMap(([name, found = []]) =>
      found.flatMap((each) => (each.family === 'IPv6' && each.scopeid !== 0 ? [`${each.address}%${name}`] : [])),
    );
    expect(addresses.filter((address) => address.includes('%'))).toEqual(linkLocal);
    const [bytes, others] = [new Uint8Array(32), new Uint8Array(32)];
    thisMachine.random(bytes);
    thisMachine.random(others);
    expect(bytes).not.toEqual(others);
  });
});
