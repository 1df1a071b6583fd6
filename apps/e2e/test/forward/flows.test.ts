import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Application } from '../support/application.js';
import { Ledger } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { startRelay } from '../support/relay.js';
import { shared } from '../support/resources.js';

const SENDERS = 64;
const EACH = 100;

describe.each(ENGINES)('many senders at one forward, engine %s', (engine) => {
  const opened = shared(async (keep) => {
    const echo = keep(await Echo.open());
    const relay = keep(await startRelay({ engine, forwards: [`0=127.0.0.1:${echo.port}`] }));
    return { echo, relay };
  });

  test(`have a flow each, ${SENDERS} at once, and get their own replies, whole and in order`, async () => {
    const { echo, relay } = opened();
    const ledger = await Ledger.open(relay);
    const wrong = await Application.withMany(SENDERS, async (senders) => {
      const faults = await Promise.all(senders.map((sender) => exchangeMany(sender, relay.port)));
      return faults.flat();
    });
    expect(wrong).toEqual([]);
    expect(echo.sources.size).toBe(SENDERS);
    expect(await relay.server.status()).toMatchObject({ sessions: 1, flows: SENDERS });
    await ledger.expectNothingLost(SENDERS * EACH);
  });
});

/** Returns the datagrams that came back changed. */
async function exchangeMany(sender: Application, port: number): Promise<string[]> {
  const faults: string[] = [];
  for (let i = 0; i < EACH; i++) {
    const payload = Buffer.concat([Buffer.from(`${sender.port} ${i} `), randomBytes(i * 13)]);
    const answer = await sender.exchange(payload, port);
    if (answer?.equals(payload) !== true)
      faults.push(`${sender.port} ${i}: ${answer?.subarray(0, 40).toString('latin1') ?? 'nothing'}`);
  }
  return faults;
}
