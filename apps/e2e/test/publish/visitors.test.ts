import { describe, expect, test } from '@jest/globals';
import { decodeProxiedDatagram, decodeSimpleProxiedDatagram } from '@relay/packet';
import { Application } from '../support/application.js';
import { expectConserved, Ledger } from '../support/conservation.js';
import { Echo } from '../support/echo.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { startRelay } from '../support/relay.js';
import { shared } from '../support/resources.js';

const VISITORS = 3;
const EACH = 3;
const LOCAL = '127.0.0.1';
const OTHER = '127.0.0.2';

describe.each(ENGINES)('a service beside the client that is published on the server, engine %s,', (engine) => {
  const opened = shared(async (keep) => {
    const echo = keep(await Echo.open());
    const echo6 = keep(await Echo.open(0, '::1'));
    const publishes = [
      `0=${echo.port}`,
      `${OTHER}:0=${echo.port}`,
      `0=[::1]:${echo6.port}`,
      `${LOCAL}:0=${echo.port};deny=${OTHER}/32;visitorFlows=1`,
      `0=${echo.port};identity=proxy-v2-every`,
      `0=${echo.port};identity=spp`,
    ];
    const relay = keep(await startRelay({ engine, publishes }));
    const [any = 0, atOther = 0, six = 0, ruled = 0, proxied = 0, simple = 0] = relay.publicPorts;
    return { echo, echo6, relay, any, atOther, six, ruled, proxied, simple };
  });

  test('tells its visitors apart, and each gets its own replies from the address and port that it asked', async () => {
    const { echo, echo6, relay, any, atOther, six } = opened();
    const ledger = await Ledger.open(relay, 'publish');
    const asked = [
      { from: LOCAL, to: LOCAL, port: any },
      // On dgram, all addresses are those that interfaces have, and this is none of them.
      { from: LOCAL, to: OTHER, port: engine === 'native' ? any : atOther },
      { from: OTHER, to: OTHER, port: atOther },
      { from: '::1', to: '::1', port: any }, // to an IPv4 service
      { from: LOCAL, to: LOCAL, port: six }, // to an IPv6 service
      { from: '::1', to: '::1', port: six },
    ];
    for (const { from, to, port } of asked)
      await Application.withMany(
        VISITORS,
        async (visitors) => {
          const faults = await Promise.all(visitors.map((visitor) => exchangeSome(visitor, port)));
          expect(faults.flat()).toEqual([]);
          for (const { answeredFrom, answeredFromPorts } of visitors)
            expect([...answeredFrom, ...answeredFromPorts]).toEqual([to, port]);
        },
        from,
        to,
      );
    expect([echo.sources.size, echo6.sources.size]).toEqual([4 * VISITORS, 2 * VISITORS]);
    const all = asked.length * VISITORS;
    expect(await relay.client.status()).toMatchObject({ flows: 0, visitors: all });
    expect(await relay.server.status()).toMatchObject({ flows: 0, visitors: all, publishedPorts: 6 });
    await ledger.expectNothingLost(all * EACH);
  });

  test('hears only whom its client lets in: others get silence and are counted, and one visitor has so many flows', async () => {
    const { echo, relay, ruled } = opened();
    const { received } = echo;
    const drops = async () => (await relay.server.status()).publish.toTarget.drops;
    await using denied = await Application.open(OTHER, LOCAL);
    await denied.send('from a network that is denied', ruled);
    await eventually(async () => expect(await drops()).toEqual({ 'denied-by-policy': 1 }));
    await using first = await Application.open();
    await using second = await Application.open();
    expect((await first.exchange('the first', ruled))?.toString()).toBe('the first');
    await second.send('one flow too many', ruled);
    await eventually(async () => expect(await drops()).toEqual({ 'denied-by-policy': 1, 'flow-limit': 1 }));
    expect((await first.exchange('goes on', ruled))?.toString()).toBe('goes on');
    expect([...denied.takeAll(), ...second.takeAll()]).toEqual([]);
    expect(echo.received).toBe(received + 2);
    await expectConserved(relay);
  });

  test.each([LOCAL, '::1'])(
    'learns the real endpoints of its visitors if it wants to, visitor at %s',
    async (address) => {
      const { echo, relay, proxied, simple } = opened();
      await using visitor = await Application.open(address);
      const source = { address, port: visitor.port };
      for (const text of ['first', 'second']) {
        await visitor.exchange(text, proxied);
        expect(decodeProxiedDatagram(echo.last)).toMatchObject({
          endpoints: { source, destination: { address, port: proxied } },
          payload: Buffer.from(text),
        });
        // The echo has the same header, and the visitor gets it without.
        expect((await visitor.exchange(text, simple))?.toString()).toBe(text);
        expect(decodeSimpleProxiedDatagram(echo.last)).toMatchObject({
          ...{ source, destination: { address, port: simple } },
          payload: Buffer.from(text),
        });
      }
      await expectConserved(relay);
    },
  );
});

/** Returns the datagrams that did not come back as they were. */
async function exchangeSome(visitor: Application, port: number): Promise<string[]> {
  const faults: string[] = [];
  for (let i = 0; i < EACH; i++) {
    const text = `${i} from ${visitor.port}`;
    const answer = await visitor.exchange(text, port);
    if (answer?.toString() !== text) faults.push(`${text}: ${answer?.toString() ?? 'nothing'}`);
  }
  return faults;
}
