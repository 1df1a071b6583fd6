// A source that sends about as often as its flow falls idle: what it sends at that moment opens the
// flow again, as at a NAT, instead of being lost.
import { describe, expect, test } from '@jest/globals';
import { Pair } from './pair.js';

const IDLE_MS = 2000;
const ONE_WAY_MS = 80;
const SENT = 12;
const PUBLIC = { address: '192.0.2.1', port: 9000 };
const VISITOR = { address: '203.0.113.9', port: 4000 };

/** From before the end of the idle time to after it, and all that lies between. */
const PERIODS = Array.from({ length: 40 }, (_, i) => IDLE_MS - 200 + 20 * i);
const onLongPath = (idleMs: number) => Pair.open({ idleMs }, { delayMs: ONE_WAY_MS });

describe('a source that sends about once in the idle time', () => {
  test.each(PERIODS)('loses nothing through a forward, each %s ms', async (periodMs) => {
    const pair = await onLongPath(IDLE_MS);
    for (let i = 0; i < SENT; i++) {
      await pair.send(`${i}`);
      await pair.pass(periodMs);
    }
    await pair.pass(1000);
    expect(pair.arrivals).toHaveLength(SENT);
    expect(pair.replies).toHaveLength(SENT);
    expect(pair.client.accounts.forward.fromTarget.drops.total).toBe(0);
  });

  test.each(PERIODS)('loses nothing at a public port, each %s ms', async (periodMs) => {
    const pair = await onLongPath(60_000);
    await pair.publish({ idleMs: IDLE_MS, maxFlows: 100 }, PUBLIC);
    const service = await pair.openService(5000);
    service.mapping.idleMs = IDLE_MS;
    pair.client.services.set(service, { endpoint: PUBLIC, count: 1 });
    for (let i = 0; i < SENT; i++) {
      await pair.visit(`${i}`, VISITOR, PUBLIC);
      await pair.pass(periodMs);
    }
    await pair.pass(1000);
    expect(pair.visits).toHaveLength(SENT);
    expect(pair.replies).toHaveLength(SENT);
  });
});

test('endpoints go along once more only after half of the idle time', async () => {
  const pair = await onLongPath(IDLE_MS);
  const bytesOf = async (waitMs: number): Promise<number> => {
    await pair.pass(waitMs);
    const before = pair.client.channel.session?.statistics.bytesOut ?? 0;
    await pair.send('a datagram');
    await pair.pass(1);
    return (pair.client.channel.session?.statistics.bytesOut ?? 0) - before;
  };
  const addressed = await bytesOf(0);
  await pair.pass(500);
  const compact = await bytesOf(IDLE_MS / 4);
  expect(compact).toBeLessThan(addressed);
  expect(await bytesOf(IDLE_MS / 4)).toBe(compact);
  expect(await bytesOf(0.6 * IDLE_MS)).toBe(addressed);
});

test('a client forgets a flow when its server does', async () => {
  const pair = await onLongPath(IDLE_MS);
  await pair.send('once');
  await pair.pass(IDLE_MS + 1000);
  expect(pair.server.figures().flows).toBe(0);
  expect(pair.client.flows.size).toBe(0);
});
