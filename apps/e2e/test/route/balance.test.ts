/**
 * Which upstream of a route gets a new flow. The scenarios are those of nginx's own tests
 * (github.com/nginx/nginx-tests) for its upstreams of UDP.
 */
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { askOften, askOnce } from '../support/asking.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { shared } from '../support/resources.js';
import { RoutingServer } from '../support/routing-server.js';
import { openNamed, Service } from '../support/service.js';

/** So many that two upstreams get some each: all but one in 2^31 runs. */
const SOURCES = 32;

describe.each(ENGINES)('the flows of a route, engine %s,', (engine) => {
  const stage = shared(async (keep) => {
    /** Does not answer the question `wait`. */
    const one = keep(await Service.open(({ text }, reply) => text !== 'wait' && reply(`${one.port}`)));
    const other = keep(await openNamed());
    const dead = `127.0.0.1:${await freePort()}`;
    const both = `127.0.0.1:0=${one.endpoint},${other.endpoint}`;
    const routing = keep(
      await RoutingServer.start(engine, {
        inTurn: both,
        withDead: `127.0.0.1:0=${dead},${one.endpoint},${other.endpoint};replies=1`,
        byWeight: `${both}*2`,
        withSpare: both,
        byAddress: `${both};balance=hash`,
        byEndpoint: `${both};balance=hash;hashBy=endpoint`,
        fewest: `${both};balance=least-flows;replies=1`,
      }),
    );
    /** The answers that so many of one and of the other give. */
    const answers = (ofOne: number, ofOther: number): Map<string, number> =>
      new Map([[`${one.port}`, ofOne] as const, [`${other.port}`, ofOther] as const].filter(([, count]) => count > 0));
    return { one, other, dead, routing, answers };
  });

  test('go to the upstreams in turn (as stream_udp_upstream: balanced)', async () => {
    const { routing, answers } = stage();
    expect(await askOften(10, routing.port('inTurn'))).toEqual(answers(5, 5));
  });

  test('go by weight (as stream_udp_upstream: weight)', async () => {
    const { routing, answers } = stage();
    expect(await askOften(9, routing.port('byWeight'))).toEqual(answers(3, 6));
  });

  test('avoid an upstream where nobody listens after one of them (as stream_udp_upstream: failures)', async () => {
    const { routing } = stage();
    const port = routing.port('withDead');
    await using unlucky = await Application.open();
    await unlucky.send('?', port);
    await eventually(async () => expect((await routing.route('withDead')).upstreams[0]?.state).toBe('down'));
    // No datagram is sent twice, as with nginx. The next one of the same source gets through.
    expect(unlucky.takeAll()).toEqual([]);
    await unlucky.exchange('?', port);
    await askOften(9, port);
    expect(await routing.counts('withDead')).toEqual([
      { flows: 0, answered: 0, unanswered: 1 },
      { flows: 0, answered: 5, unanswered: 0 },
      { flows: 0, answered: 5, unanswered: 0 },
    ]);
  });

  test('go to a spare upstream if its owner says so (as stream_udp_upstream: backup)', async () => {
    // A route has no `backup` and no `down`: `drain` keeps an upstream back, `undrain` puts it in.
    const { routing, one, other, answers } = stage();
    const say = async (verb: 'drain' | 'undrain', { endpoint }: Service): Promise<void> => {
      const { code, stdout } = await routing.server.command(verb, 'withSpare', endpoint);
      expect([code, stdout]).toEqual([0, expect.stringContaining(endpoint)]);
    };
    await say('drain', other);
    expect(await askOften(10, routing.port('withSpare'))).toEqual(answers(10, 0));
    await say('drain', one);
    await say('undrain', other);
    expect(await askOften(10, routing.port('withSpare'))).toEqual(answers(0, 10));
  });

  test('of one address go to one upstream, with hash (as stream_udp_upstream_hash)', async () => {
    const { routing } = stage();
    const port = routing.port('byAddress');
    expect([...(await askOften(10, port)).values()]).toEqual([10]);
    const found = new Set<string>();
    for (let i = 1; i <= SOURCES; i++) {
      const first = await askOnce(port, `127.0.1.${i}`, '127.0.0.1');
      expect(await askOnce(port, `127.0.1.${i}`, '127.0.0.1')).toBe(first);
      found.add(first);
    }
    expect(found.size).toBe(2);
  });

  test('of one address go to several, with the ports of a hash (as stream_udp_upstream_hash)', async () => {
    const { routing } = stage();
    expect((await askOften(SOURCES, routing.port('byEndpoint'))).size).toBe(2);
  });

  test('go where the fewest are (as stream_udp_upstream_least_conn)', async () => {
    const { routing, answers } = stage();
    const port = routing.port('fewest');
    expect(await askOften(10, port)).toEqual(answers(5, 5));
    await using waiting = await Application.open();
    await using answered = await Application.open();
    await waiting.send('wait', port);
    await eventually(async () => expect((await routing.counts('fewest'))[0]?.flows).toBe(1));
    await answered.exchange('wait', port);
    expect(await askOften(10, port)).toEqual(answers(0, 10));
    expect((await routing.counts('fewest')).map(({ flows }) => flows)).toEqual([1, 0]);
  });

  test('leave every datagram accounted for', async () => {
    await stage().routing.expectConserved();
  });
});
