/**
 * What ends a flow of a route: its replies, its requests, silence. The scenarios are those of
 * nginx's own tests (github.com/nginx/nginx-tests), whose proxy_responses is `replies` here,
 * proxy_requests is `requests`, and proxy_timeout is `idle`.
 */
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { shared } from '../support/resources.js';
import { RoutingServer } from '../support/routing-server.js';
import { Service, type Heard } from '../support/service.js';

/**
 * Answers a number n with n datagrams, `PORT 1` to `PORT n`: PORT is that of the flow. Answers an
 * empty datagram with `zero` and an empty one.
 */
function count({ text, from }: Heard, reply: (payload: string) => void): void {
  if (text === '') ['zero', ''].forEach(reply);
  for (let i = 1; i <= Number(text); i++) reply(`${from} ${i}`);
}

async function receive(application: Application, datagrams: number): Promise<string[]> {
  const received: string[] = [];
  for (let i = 0; i < datagrams; i++) received.push(`${(await application.receive())?.toString()}`);
  return received;
}

/** The numbers in the answers of {@link count}. */
const numbersIn = (answers: readonly string[]): string[] => answers.map((answer) => answer.split(' ')[1] ?? '');

/** The port of the flow that brings the answer to a question. */
async function flowOf(application: Application, port: number): Promise<string> {
  return `${(await application.exchange('1', port))?.toString()}`.replace(/ 1$/, '');
}

describe.each(ENGINES)('a flow of a route, engine %s,', (engine) => {
  const stage = shared(async (keep) => {
    const service = keep(await Service.open(count));
    const waiting: (() => void)[] = [];
    /** It answers when its test runs what waits. */
    const slow = keep(await Service.open((heard, reply) => waiting.push(() => count(heard, reply))));
    const toService = `127.0.0.1:0=${service.endpoint}`;
    const toSlow = `127.0.0.1:0=${slow.endpoint}`;
    const routing = keep(
      await RoutingServer.start(engine, {
        plain: toService,
        short: `${toService};idle=1s`,
        awaitsNone: `${toService};replies=0`,
        sendsOnly: `${toService};replies=0;requests=1`,
        oneReply: `${toService};replies=1`,
        twoReplies: `${toService};replies=2`,
        oneRequest: `${toService};requests=1`,
        twoRequests: `${toService};requests=2`,
        slow: `${toSlow};requests=2`,
        slowReplies: `${toSlow};requests=2;replies=2`,
      }),
    );
    return { service, waiting, routing };
  });

  test('brings all replies, or so many, and then ends (as stream_udp_proxy)', async () => {
    const { routing } = stage();
    for (const [name, replies, flows] of [
      ['plain', 3, 1],
      ['oneReply', 1, 0],
      ['twoReplies', 2, 0],
    ] as const) {
      await using application = await Application.open();
      await application.send(`${replies}`, routing.port(name));
      expect(numbersIn(await receive(application, replies))).toEqual(['1', '2', '3'].slice(0, replies));
      expect(await routing.counts(name)).toEqual([{ flows, answered: 1, unanswered: 0 }]);
    }
  });

  test('goes on while it waits for the second of two replies (as stream_udp_proxy)', async () => {
    const { routing } = stage();
    await using application = await Application.open();
    const before = (await routing.counts('twoReplies'))[0]?.answered ?? 0;
    const flow = await flowOf(application, routing.port('twoReplies'));
    // The service owes one reply to the first question, and two to the second.
    await application.send('3', routing.port('twoReplies'));
    expect(await receive(application, 3)).toEqual([`${flow} 1`, `${flow} 2`, `${flow} 3`]);
    expect(await routing.counts('twoReplies')).toEqual([{ flows: 0, answered: before + 1, unanswered: 0 }]);
  });

  test('brings a reply that nobody waits for, where nginx brings none (as stream_udp_proxy)', async () => {
    // With proxy_responses 0 nginx ends a session with its first datagram. Here only `requests=1`
    // does that; `replies=0` says that silence is no failure.
    const { service, routing } = stage();
    await using application = await Application.open();
    const flow = await flowOf(application, routing.port('awaitsNone'));
    expect(await flowOf(application, routing.port('awaitsNone'))).toBe(flow);
    const heardBefore = service.heard.length;
    await application.send('1', routing.port('sendsOnly'));
    await eventually(() => expect(service.heard).toHaveLength(heardBefore + 1));
    await eventually(async () =>
      expect(await routing.counts('sendsOnly')).toEqual([{ flows: 0, answered: 0, unanswered: 1 }]),
    );
    // The answer to a later question comes first: none comes to the one before.
    await application.send('2', routing.port('plain'));
    expect(numbersIn(await receive(application, 2))).toEqual(['1', '2']);
    expect(application.takeAll()).toEqual([]);
  });

  test('carries empty datagrams both ways, again and again (as stream_udp_proxy)', async () => {
    const { routing } = stage();
    await using application = await Application.open();
    for (let i = 0; i < 2; i++) {
      await application.send('', routing.port('twoReplies'));
      expect(await receive(application, 2)).toEqual(['zero', '']);
    }
  });

  test('takes all requests of its source, or so many (as stream_udp_proxy_requests)', async () => {
    // Where nginx writes proxy_requests 0, for any number, a route leaves the key out.
    const { routing } = stage();
    for (const [name, isSame] of [
      ['plain', [true, true, true]],
      ['oneRequest', [false, false, false]],
      ['twoRequests', [true, false, true]],
    ] as const) {
      await using application = await Application.open();
      let flow = await flowOf(application, routing.port(name));
      for (const same of isSame) {
        const next = await flowOf(application, routing.port(name));
        expect([name, next === flow]).toEqual([name, same]);
        flow = next;
      }
    }
  });

  test.each([
    ['slow', 3, 3],
    ['slowReplies', 2, 0],
  ] as const)(
    'has all its replies though its source asks on before they come: %s (as stream_udp_proxy_requests)',
    async (name, replies, flowsLeft) => {
      const { routing, waiting } = stage();
      await using application = await Application.open();
      const asked = Array.from({ length: 5 }, () => application.send(`${replies}`, routing.port(name)));
      await Promise.all(asked);
      await eventually(() => expect(waiting).toHaveLength(5));
      for (const answer of waiting.splice(0)) answer();
      const answers = await receive(application, 5 * replies);
      const perFlow = new Map<string, number>();
      for (const flow of answers.map((answer) => answer.split(' ')[0] ?? ''))
        perFlow.set(flow, (perFlow.get(flow) ?? 0) + 1);
      // Two requests to each flow; the last one is uneven.
      expect([...perFlow.values()].sort((a, b) => b - a)).toEqual([2 * replies, 2 * replies, replies]);
      expect(await routing.counts(name)).toEqual([{ flows: flowsLeft, answered: 3, unanswered: 0 }]);
    },
  );

  test('belongs to one source, and ends with silence (as stream_udp_stream)', async () => {
    const { routing } = stage();
    const port = routing.port('plain');
    await using one = await Application.open();
    await using other = await Application.open();
    const [flow, otherFlow] = [await flowOf(one, port), await flowOf(other, port)];
    expect(flow).not.toBe(otherFlow);
    for (let i = 0; i < 2; i++) {
      expect(await flowOf(one, port)).toBe(flow);
      expect(await flowOf(other, port)).toBe(otherFlow);
    }
    await flowOf(one, routing.port('short'));
    await routing.untilIdle('short');
    await flowOf(one, routing.port('short'));
    expect(await routing.counts('short')).toEqual([{ flows: 1, answered: 2, unanswered: 0 }]);
    expect(await flowOf(one, port)).toBe(flow);
  });

  test('leaves every datagram accounted for', async () => {
    await stage().routing.expectConserved();
  });
});
