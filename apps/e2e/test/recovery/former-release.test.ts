// Users do not renew both sides at the same moment. The former release is a built copy, see
// former/README.md.
import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Application } from '../support/application.js';
import { expectConserved, Ledger } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { startClientAgain, startRelay, startServerAgain, type Relay } from '../support/relay.js';
import { shared } from '../support/resources.js';

/** The largest payload of an IPv4 datagram is the last. */
const SIZES = [0, 1, 200, 1400, 20_000, 65_507];
const SENDERS = 64;
const EACH = 20;
const SIGNALS = ['SIGTERM', 'SIGKILL'] as const;
/** A former client may have to notice first that its server no longer answers. */
const BACK_WITHIN_MS = 10_000;
/** An address for documentation (RFC 5737), which the invitation does not allow. */
const NOT_ALLOWED = '192.0.2.1:9';

const PAIRS = ENGINES.flatMap((engine) => [
  { engine, former: 'client', present: 'server', onServer: engine, onClient: 'dgram' } as const,
  { engine, former: 'server', present: 'client', onServer: 'dgram', onClient: engine } as const,
]);

describe.each(PAIRS)('a $former of the former release and a $present of this one, engine $engine', (pair) => {
  const { engine, former, onServer, onClient } = pair;
  const opened = shared(async (keep) => {
    const echo = keep(await Echo.open());
    const targets = [`127.0.0.1:${echo.port}`, `localhost:${echo.port}`, NOT_ALLOWED];
    const forwards = targets.map((target) => `0=${target}`);
    const relay = keep(await startRelay({ engine, former, forwards }));
    const application = keep(await Application.open());
    // Open until the end: a new one may get the port of a closed one, and would have its flow.
    const first: Application[] = [];
    for (const _ of SIZES) first.push(keep(await Application.open()));
    return { echo, relay, application, first };
  });

  test('have their session', async () => {
    const { relay } = opened();
    expect(await relay.client.status()).toMatchObject({ state: 'connected', engine: onClient });
    expect(await relay.server.status()).toMatchObject({ sessions: 1, engine: onServer });
  });

  test.each(SIZES)('carry a datagram of %i bytes there and back, unchanged', async (size) => {
    const { relay, application } = opened();
    const ledger = await Ledger.open(relay);
    expect(await isReturned(application, relay.port, randomBytes(size))).toBe(true);
    await ledger.expectNothingLost(1);
  });

  test('carry a datagram of each size that is the first of its flow', async () => {
    const { relay, first } = opened();
    const ledger = await Ledger.open(relay);
    for (const [i, application] of first.entries())
      expect(await isReturned(application, relay.port, randomBytes(SIZES[i] ?? 0))).toBe(true);
    await ledger.expectNothingLost(SIZES.length);
  });

  test(`carry ${SENDERS} flows at once, each with its own answers, whole and in order`, async () => {
    const { relay, echo } = opened();
    const ledger = await Ledger.open(relay);
    const [sources, flows] = [echo.sources.size, (await relay.server.status()).flows];
    const changed = await Application.withMany(SENDERS, (senders) =>
      Promise.all(senders.map((sender) => exchangeMany(sender, relay.port))),
    );
    expect(changed.flat()).toEqual([]);
    expect(echo.sources.size).toBe(sources + SENDERS);
    expect(await relay.client.status()).toMatchObject({ flows: flows + SENDERS });
    expect(await relay.server.status()).toMatchObject({ flows: flows + SENDERS });
    await ledger.expectNothingLost(SENDERS * EACH);
  });

  test('carry datagrams to a target that the server finds by name', async () => {
    const { relay, application } = opened();
    const ledger = await Ledger.open(relay);
    expect((await application.exchange('by name', relay.ports[1] ?? 0))?.toString()).toBe('by name');
    await ledger.expectNothingLost(1);
  });

  test('refuse a target that is not allowed: the server counts the drop and the client says why', async () => {
    const { relay, application } = opened();
    const drops = async (): Promise<unknown> =>
      (await relay.server.status()).forward.toTarget.drops['denied-by-policy'];
    expect(await drops()).toBeUndefined();
    await application.send('not allowed', relay.ports[2] ?? 0);
    await relay.client.program.line(/will not carry a flow.*denied-by-policy/, 'stderr');
    expect(await drops()).toBe(1);
    await expectConserved(relay);
  });

  test.each(SIGNALS)('carry traffic again by themselves after the server ended with %s and is back', async (signal) => {
    const { relay, application } = opened();
    await application.askUntilAnswered(relay.port);
    await relay.server.stop(signal);
    await startServerAgain(relay, onServer);
    await expectBack(relay, application, `former ${former}, server (${signal}), ${engine}`);
  });

  test.each(SIGNALS)('carry traffic again after the client ended with %s and is back', async (signal) => {
    const { relay, application } = opened();
    await application.askUntilAnswered(relay.port);
    await relay.client.stop(signal);
    if (signal === 'SIGTERM')
      await eventually(async () => expect(await relay.server.status()).toMatchObject({ sessions: 0 }));
    await startClientAgain(relay);
    await expectBack(relay, application, `former ${former}, client (${signal}), ${engine}`);
  });
});

/** Expects traffic in time, one session, and that both programs have counted everything. */
async function expectBack(relay: Relay, application: Application, who: string): Promise<void> {
  const startedMs = performance.now();
  await application.askUntilAnswered(relay.port, { timeoutMs: BACK_WITHIN_MS });
  console.info(`${who}: traffic ${Math.round(performance.now() - startedMs)} ms after the start`);
  expect(await relay.client.status()).toMatchObject({ state: 'connected' });
  expect(await relay.server.status()).toMatchObject({ sessions: 1 });
  // An answer to an earlier question may still come to the first application.
  await using another = await Application.open();
  expect(await isReturned(another, relay.port, randomBytes(Math.max(...SIZES)))).toBe(true);
  await expectConserved(relay);
}

/** Returns true if the next datagram that the application receives is this one. */
async function isReturned(application: Application, port: number, payload: Buffer): Promise<boolean> {
  const answer = await application.exchange(payload, port);
  return answer?.equals(payload) === true;
}

/** Returns the datagrams that did not come back as they were. */
async function exchangeMany(sender: Application, port: number): Promise<string[]> {
  const changed: string[] = [];
  for (let i = 0; i < EACH; i++) {
    const topic = `${sender.port} ${i} `;
    const payload = Buffer.concat([Buffer.from(topic), randomBytes(i * 150)]);
    if (!(await isReturned(sender, port, payload))) changed.push(topic);
  }
  return changed;
}
