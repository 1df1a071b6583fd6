import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Application } from '../support/application.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { Folder } from '../support/folder.js';
import { Server } from '../support/server.js';

const ROUNDS = 40;
/** As many datagrams as a receive buffer holds. */
const ROUND = 500;
const INITIATION_BYTES = 148;
const MEMORY_NOISE_BYTES = 48 << 20;

describe.each(ENGINES)('a stranger, engine %s', (engine) => {
  // coturn#1999 kept 18 KB for each spoofed datagram, and its answer had 3.6 times the size of the
  // request.
  test(`who sends ${ROUNDS * ROUND} datagrams of garbage gets no answer, and leaves no session, flow or memory behind`, async () => {
    using folder = new Folder();
    await using server = await Server.start({ state: folder.at('state'), engine });
    await using stranger = await Application.open();
    let memoryBytes = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      for (let i = 0; i < ROUND; i++) await stranger.send(garbage(i), server.port);
      await eventually(async () => expect((await server.status()).packets.in).toBe(round * ROUND));
      if (round === 5) memoryBytes = (await server.status()).health.memoryBytes;
    }
    await expectSilence(stranger);
    const status = await server.status();
    expect(status).toMatchObject({ sessions: 0, flows: 0, packets: { out: 0 } });
    expect(Object.values(status.packets.drops).reduce((sum, n) => sum + n, 0)).toBe(ROUNDS * ROUND);
    expect(status.health.memoryBytes - memoryBytes).toBeLessThan(MEMORY_NOISE_BYTES);
  });
});

/** Returns garbage of every type, also truncated, empty, or with the size of a handshake. */
function garbage(i: number): Buffer {
  const bytes = randomBytes(i % 5 === 0 ? INITIATION_BYTES : i % 300);
  const type = [1, 2, 3, 4, 5, 0, 255][i % 7] ?? 0;
  if (bytes.length > 0) bytes[0] = type;
  if (i % 2 === 0) bytes.fill(0, 1, Math.min(4, bytes.length));
  return bytes;
}

/**
 * Expects that nothing arrived before a datagram that is sent to the stranger now: the system keeps
 * the order.
 */
async function expectSilence(stranger: Application): Promise<void> {
  await using other = await Application.open();
  await other.send('last', stranger.port);
  expect((await stranger.receive())?.toString()).toBe('last');
}
