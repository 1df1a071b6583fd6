// test/surroundings.test.ts runs this in a process that may open few descriptors.
import { expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import type { UdpSocket } from '../../src/index.js';
import { kernelEngines } from '../engines.js';
import { LOCALHOST, numbered, payloads, received } from '../exchange.js';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

test.each(kernelEngines)(
  'a $engine socket without free descriptors reports that, keeps the open sockets, and recovers',
  async ({ create }) => {
    const first = create({ local: LOCALHOST });
    await first.open();
    const before = descriptors();
    const opened: UdpSocket[] = [];
    let failure: unknown;
    while (failure === undefined && opened.length < 1000) {
      const socket = create({ local: LOCALHOST });
      await socket.open().then(
        () => opened.push(socket),
        (error: unknown) => (failure = error),
      );
    }
    expect(failure).toMatchObject({ name: 'SocketError', code: 'too-many-open-files', operation: 'open' });
    const arriving = received(first, 1);
    opened[0]?.send(numbered(1, 3), first.local);
    expect(payloads(await arriving)).toEqual(payloads([numbered(1, 3)]));
    await Promise.all(opened.map((socket) => socket.close()));
    expect(descriptors()).toBe(before);
    const again = create({ local: LOCALHOST });
    await again.open();
    await Promise.all([again.close(), first.close()]);
  },
);
