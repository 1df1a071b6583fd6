import { readdirSync, readlinkSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Stage } from '../support/started.js';
import { until } from '../support/until.js';

const stage = new Stage();
const ALLOW = { allow: ['127.0.0.0/8'] };
const CLIENTS = 4;
const TARGETS = 200;
/** A client's first flows have sockets of their own. */
const OWN_SOCKETS = 16;
const PORT = 9; // discard: nobody listens there
const BATCH = 50;

/** How many sockets this process has. */
function openSockets(): number {
  const folder = '/proc/self/fd';
  return readdirSync(folder).filter((name) => linkOf(`${folder}/${name}`).startsWith('socket:')).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed since the folder was read
  }
}

describe.each([
  ['native', OWN_SOCKETS + 1],
  ['dgram', TARGETS],
])('the flows of a client to many targets, engine %s,', (engine, socketsOfEach) => {
  test('take so many sockets of the host, and give them back', async () => {
    const running = await stage.server({ engine });
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, (_, i) => stage.client(running, `client-${i}`, ALLOW)),
    );
    const before = openSockets();
    for (let first = 0; first < TARGETS; first += BATCH) {
      for (const [i, client] of clients.entries())
        for (let n = first; n < first + BATCH; n++)
          client.send({ address: `127.${1 + i}.${n >> 8}.${n & 0xff}`, port: PORT }, 'x');
      await until(() => running.own.status().flows === CLIENTS * (first + BATCH));
    }
    await until(() => openSockets() - before === CLIENTS * socketsOfEach); // opened in turns
    expect(running.own.status().forward.toTarget.drops).toEqual({});
    for (const { id } of running.own.server.sessions()) running.own.server.closeSession(id, 'kicked');
    await until(() => running.own.status().flows === 0 && openSockets() <= before);
  });
});
