/**
 * How much a source of a route may have. The scenarios are those of nginx's own tests
 * (github.com/nginx/nginx-tests), whose limit_conn is `visitorFlows` here, and whose rates are
 * `maxBps` and `visitorPps`. A route holds nothing back: what is too much is dropped and counted.
 */
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { shared } from '../support/resources.js';
import { RoutingServer } from '../support/routing-server.js';
import { Service } from '../support/service.js';

const PAYLOAD = 'datagram'.repeat(125);
const BITS_PER_SECOND = 4000;
/** A bucket of bits takes the largest datagram, however low its rate: so many of these. */
const AT_ONCE = Math.floor(65_535 / PAYLOAD.length);
/** How long an answer over loopback may take before a test asks again. */
const ANSWER_MS = 100;

describe.each(ENGINES)('a route, engine %s,', (engine) => {
  const stage = shared(async (keep) => {
    const echo = keep(await Echo.open());
    /** Answers a number n with 1 to n. */
    const count = keep(
      await Service.open(({ text }, reply) => {
        for (let i = 1; i <= Number(text); i++) reply(`${i}`);
      }),
    );
    const toCount = `127.0.0.1:0=${count.endpoint}`;
    const toEcho = `127.0.0.1:0=127.0.0.1:${echo.port}`;
    const routing = keep(
      await RoutingServer.start(engine, {
        oneFlow: `${toCount};replies=2;idle=2s;visitorFlows=1`,
        otherOneFlow: `${toCount};replies=1;visitorFlows=1`,
        fiveFlows: `${toCount};replies=1;visitorFlows=5`,
        unlimited: `${toEcho};requests=2;replies=1`,
        slow: `${toEcho};requests=2;replies=1;maxBps=${BITS_PER_SECOND}`,
        seldom: `${toEcho};requests=2;replies=1;visitorPps=1`,
      }),
    );
    return { count, routing };
  });

  const answerTo = async (application: Application, text: string, port: number): Promise<string> =>
    `${(await application.exchange(text, port))?.toString()}`;

  test('lets a source have so many flows, and no more until one ends (as stream_udp_limit_conn)', async () => {
    const { routing, count } = stage();
    const port = routing.port('oneFlow');
    await using first = await Application.open();
    await using second = await Application.open();
    await using elsewhere = await Application.open('127.0.0.2', '127.0.0.1');
    expect(await answerTo(first, '1', port)).toBe('1');
    expect(await answerTo(first, '1', port)).toBe('1');
    await second.send('1', port);
    await eventually(async () => expect(await routing.drops()).toEqual({ 'flow-limit': 1 }));
    expect(await answerTo(elsewhere, '1', port)).toBe('1');
    // nginx counts by zones, which several servers may share. Each route counts for itself.
    for (const other of ['otherOneFlow', 'fiveFlows'] as const)
      expect(await answerTo(second, '1', routing.port(other))).toBe('1');
    await routing.untilIdle('oneFlow');
    for (const application of [first, second]) {
      expect(await answerTo(application, '2', port)).toBe('1');
      expect(`${(await application.receive())?.toString()}`).toBe('2');
    }
    expect(count.heard).toHaveLength(7);
    expect(await routing.drops()).toEqual({ 'flow-limit': 1 });
  });

  test('without a rate carries everything (as stream_udp_limit_rate: unlimited)', async () => {
    const { routing } = stage();
    await using application = await Application.open();
    for (let i = 0; i < 2 * AT_ONCE; i++)
      expect(await answerTo(application, PAYLOAD, routing.port('unlimited'))).toBe(PAYLOAD);
  });

  test.each([
    ['bits', 'slow', AT_ONCE],
    ['datagrams of a source', 'seldom', 1],
  ] as const)(
    'with a rate of %s drops what is beyond it, whole datagrams (as stream_udp_limit_rate)',
    async (_rate, name, atOnce) => {
      const { routing } = stage();
      const port = routing.port(name);
      const sent = atOnce + 10;
      const dropped = async (): Promise<number> => (await routing.drops())['rate-limited'] ?? 0;
      const before = await dropped();
      await using application = await Application.open();
      for (let i = 0; i < sent; i++) await application.send(PAYLOAD, port);
      const answers: string[] = [];
      await eventually(async () => {
        answers.push(...application.takeAll().map(String));
        expect(answers.length + (await dropped()) - before).toBe(sent);
      });
      expect(new Set(answers)).toEqual(new Set([PAYLOAD]));
      // What the rate gives while the test sends may pass as well.
      expect(answers.length).toBeGreaterThanOrEqual(atOnce);
      expect(answers.length).toBeLessThan(sent);
      if (name === 'seldom') {
        await using elsewhere = await Application.open('127.0.0.2', '127.0.0.1');
        expect(await answerTo(elsewhere, PAYLOAD, port)).toBe(PAYLOAD);
      }
      await eventually(async () => {
        await application.send(PAYLOAD, port);
        expect((await application.receive(ANSWER_MS))?.toString()).toBe(PAYLOAD);
      });
    },
  );

  test('leaves every datagram accounted for', async () => {
    const { routing } = stage();
    await routing.expectConserved();
    const reasons = Object.keys(await routing.drops());
    expect(reasons.sort()).toEqual(['flow-limit', 'rate-limited']);
  });
});
