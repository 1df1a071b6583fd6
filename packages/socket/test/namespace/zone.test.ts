// test/surroundings.test.ts runs this in its own network namespace: link-local addresses, which
// name their interface.
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { withNumericZone } from '../../src/index.js';
import { withNamedZone } from '../../src/zone.js';
import { kernelEngines } from '../engines.js';
import { numbered, payloads, received } from '../exchange.js';
import { qdisc } from './slow.js';

qdisc('pfifo', 'limit', '1000');
execFileSync('ip', ['-6', 'address', 'replace', 'fe80::7/64', 'dev', 'lo', 'nodad']);
const LOOPBACK = 1; // the loopback always has index 1

describe('the zone of an address', () => {
  test('is converted between number and name', () => {
    expect(withNumericZone({ address: 'fe80::7%lo', port: 9 })).toEqual({ address: `fe80::7%${LOOPBACK}`, port: 9 });
    expect(withNumericZone({ address: 'fe80::7%12', port: 9 })).toEqual({ address: 'fe80::7%12', port: 9 });
    expect(withNamedZone(`fe80::7%${LOOPBACK}`)).toBe('fe80::7%lo');
    expect(withNamedZone('fe80::7%lo')).toBe('fe80::7%lo');
  });

  test('stays as it is if there is no such interface, or no zone', () => {
    const unknown = { address: 'fe80::7%nowhere0', port: 9 };
    expect(withNumericZone(unknown)).toBe(unknown);
    expect(withNamedZone('fe80::7%4711')).toBe('fe80::7%4711');
    const plain = { address: '2001:db8::1', port: 9 };
    expect(withNumericZone(plain)).toBe(plain);
    expect(withNamedZone(plain.address)).toBe(plain.address);
  });
});

describe.each(kernelEngines)('a socket of the engine $engine', ({ create }) => {
  test.each(['lo', `${LOOPBACK}`])(
    'binds, sends to and answers a link-local address with the zone %s',
    async (zone) => {
      const server = create({ local: { address: `fe80::7%${zone}`, port: 0 } });
      await server.open();
      const to = { address: `fe80::7%${zone}`, port: server.local.port };
      const connected = create({ remote: to });
      const unconnected = create({ local: { address: '::', port: 0 } });
      for (const client of [connected, unconnected]) {
        await client.open();
        const arriving = received(server, 1);
        expect(client.send(numbered(1, 9), to)).toBe(true);
        const [request] = await arriving;
        expect(request?.source).toEqual({ address: `fe80::7%${LOOPBACK}`, port: client.local.port });
        const returning = received(client, 1);
        server.send(numbered(2, 8), request?.source);
        expect(payloads(await returning)).toEqual(payloads([numbered(2, 8)]));
        await client.close();
      }
      await server.close();
    },
  );
});
