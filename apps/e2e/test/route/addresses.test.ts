/** At which address a route hears a source and answers it, and which the service learns. */
import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { ENGINES } from '../support/engines.js';
import { readProxyHeader } from '../support/proxy-header.js';
import { shared } from '../support/resources.js';
import { RoutingServer } from '../support/routing-server.js';
import { openNamed, Service } from '../support/service.js';
import { freePort } from '../support/ports.js';

describe.each(ENGINES)('a route, engine %s,', (engine) => {
  const stage = shared(async (keep) => {
    const ipv4 = keep(await openNamed());
    const ipv6 = keep(await openNamed('::1'));
    const pair = await freePort();
    /** Answers with the payload behind the header, as each datagram must have one. */
    const proxied = keep(
      await Service.open(({ bytes }, reply) => {
        const { source, destination, payload } = readProxyHeader(bytes);
        reply(`${source} asked ${destination}: ${payload.toString()}`);
      }),
    );
    const identity = ';identity=proxy-v2-every';
    const routing = keep(
      await RoutingServer.start(engine, {
        everywhere: `0=${ipv4.endpoint}`,
        pair: `127.0.0.1:${pair},127.0.0.2:${pair}=${ipv4.endpoint}`,
        toIpv6: `127.0.0.1:0=${ipv6.endpoint}`,
        toIpv4: `[::1]:0=${ipv4.endpoint}`,
        toBoth: `127.0.0.1:0=${ipv4.endpoint},${ipv6.endpoint}`,
        proxied: `0=${proxied.endpoint}${identity}`,
      }),
    );
    return { ipv4, ipv6, proxied, routing };
  });

  /**
   * The addresses at which a route on all addresses hears. On dgram these are those of the
   * interfaces, and 127.0.0.2 is none.
   */
  const everywhere = [
    ['127.0.0.1', '127.0.0.1'],
    ...(engine === 'native' ? [['127.0.0.1', '127.0.0.2'] as const] : []),
    ['::1', '::1'],
  ] as const;

  test('answers from the address that was asked (as stream_udp_wildcard)', async () => {
    const { routing } = stage();
    for (const [address, asked] of everywhere) {
      await using application = await Application.open(address, asked);
      for (let i = 0; i < 3; i++) await application.exchange('?', routing.port('everywhere'));
      expect([...application.answeredFrom]).toEqual([asked]);
    }
  });

  test('on two addresses answers from the one that was asked', async () => {
    const { routing } = stage();
    for (const asked of ['127.0.0.1', '127.0.0.2']) {
      await using application = await Application.open('127.0.0.1', asked);
      await application.exchange('?', routing.port('pair'));
      expect([...application.answeredFrom]).toEqual([asked]);
    }
  });

  test('leads from IPv4 to IPv6 and back', async () => {
    const { routing, ipv4, ipv6 } = stage();
    for (const [name, address, service] of [
      ['toIpv6', '127.0.0.1', ipv6],
      ['toIpv4', '::1', ipv4],
    ] as const) {
      await using application = await Application.open(address);
      for (let i = 0; i < 3; i++)
        expect((await application.exchange('?', routing.port(name)))?.toString()).toBe(`${service.port}`);
    }
    const answers: string[] = [];
    for (let i = 0; i < 4; i++) {
      await using application = await Application.open();
      answers.push(`${(await application.exchange('?', routing.port('toBoth')))?.toString()}`);
    }
    expect(answers).toEqual([ipv4, ipv6, ipv4, ipv6].map(({ port }) => `${port}`));
  });

  test('names source and asked address in front of every datagram (as stream_udp_wildcard)', async () => {
    const { routing } = stage();
    const port = routing.port('proxied');
    for (const [address, asked] of everywhere) {
      await using application = await Application.open(address, asked);
      for (const payload of ['first', '', 'third']) {
        const answer = `${(await application.exchange(payload, port))?.toString()}`;
        expect(answer).toBe(`${address} ${application.port} asked ${asked} ${port}: ${payload}`);
      }
    }
  });

  test('leaves every datagram accounted for', async () => {
    const { routing } = stage();
    await routing.expectConserved();
    expect(await routing.drops()).toEqual({});
  });
});
