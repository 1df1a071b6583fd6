import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Ledger } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { freeRange } from '../support/ports.js';
import { startRelay } from '../support/relay.js';
import { shared } from '../support/resources.js';

const RANGE = 11;

describe.each(ENGINES)('several forwards of one client, engine %s', (engine) => {
  const opened = shared(async (keep) => {
    const firstTarget = await freeRange(RANGE);
    const firstLocal = await freeRange(RANGE);
    const ipv4 = keep(await Echo.open());
    const ipv6 = keep(await Echo.open(0, '::1'));
    const range: Echo[] = [];
    for (let i = 0; i < RANGE; i++) range.push(keep(await Echo.open(firstTarget + i)));
    const relay = keep(
      await startRelay({
        engine,
        forwards: [
          `0=127.0.0.1:${ipv4.port}`,
          `0=localhost:${ipv4.port}`,
          `[::1]:0=[::1]:${ipv6.port}`,
          `${firstLocal}-${firstLocal + RANGE - 1}=127.0.0.1:${firstTarget}-${firstTarget + RANGE - 1}`,
        ],
      }),
    );
    return { relay, range, firstLocal };
  });

  test('lead to their own targets, including a name and an IPv6 address', async () => {
    const { relay } = opened();
    const ledger = await Ledger.open(relay);
    for (const [i, port] of relay.ports.entries()) {
      await using application = await Application.open(i === 2 ? '::1' : '127.0.0.1');
      expect((await application.exchange(`through forward ${i}`, port))?.toString()).toBe(`through forward ${i}`);
    }
    await ledger.expectNothingLost(4);
  });

  test('lead each port of a range to the port at the same place of the target range', async () => {
    const { relay, range, firstLocal } = opened();
    const ledger = await Ledger.open(relay);
    await using application = await Application.open();
    const before = range.map(({ received }) => received);
    for (let i = 0; i < RANGE; i++) {
      expect((await application.exchange(`port ${i}`, firstLocal + i))?.toString()).toBe(`port ${i}`);
      expect(range[i]?.received).toBe((before[i] ?? 0) + 1);
    }
    await ledger.expectNothingLost(RANGE);
  });

  test('are all in the status with their flows', async () => {
    const { forwards } = await opened().relay.client.status();
    expect(forwards).toHaveLength(4);
    expect(forwards[3]).toMatchObject({ flows: expect.any(Number), isResolved: true });
    expect(forwards[3]?.mapping).toMatch(/^127\.0\.0\.1:\d+-\d+ -> 127\.0\.0\.1:\d+-\d+$/);
  });
});
