import { describe, expect, test } from '@jest/globals';
import { Application } from '../support/application.js';
import { Ledger } from '../support/conservation.js';
import { DnsServer } from '../support/dns-server.js';
import { dnsQuery, dnsReply } from '../support/dns-message.js';
import { ENGINES } from '../support/engines.js';
import { isInstalled, runCommand } from '../support/command.js';
import { startRelay } from '../support/relay.js';
import { shared } from '../support/resources.js';

const SENDERS = 50;
const EACH = 40;

if (!isInstalled('dnsmasq')) console.warn('dnsmasq is not installed: a DNS server of the tests takes its place.');
if (!isInstalled('dig')) console.warn('dig is not installed: its test is left out.');

describe.each(ENGINES)('DNS through a forward, engine %s', (engine) => {
  const opened = shared(async (keep) => {
    const dns = keep(await DnsServer.start());
    const relay = keep(await startRelay({ engine, forwards: [`0=127.0.0.1:${dns.port}`] }));
    return { relay };
  });

  test(`answers ${SENDERS * EACH} queries of ${SENDERS} senders at once, each with its own reply`, async () => {
    const { relay } = opened();
    const ledger = await Ledger.open(relay);
    const faults = await Application.withMany(SENDERS, (senders) =>
      Promise.all(senders.map((sender, i) => askMany(sender, i, relay.port))),
    );
    expect(faults.flat()).toEqual([]);
    expect(await relay.server.status()).toMatchObject({ flows: SENDERS });
    await ledger.expectNothingLost(SENDERS * EACH);
  });

  if (isInstalled('dig'))
    test('answers a query of dig', async () => {
      const { relay } = opened();
      const ledger = await Ledger.open(relay);
      const dig = ['@127.0.0.1', '-p', `${relay.port}`, '+short', '+tries=1', 'example.test', 'A'];
      expect(await runCommand('dig', dig)).toBe(`${DnsServer.ADDRESS}\n`);
      await ledger.expectNothingLost(1);
    });
});

/** Returns the queries that did not get their own answer. */
async function askMany(sender: Application, number: number, port: number): Promise<string[]> {
  const faults: string[] = [];
  for (let i = 0; i < EACH; i++) {
    const name = `query-${i}-of-${number}.example.test`;
    const answer = await sender.exchange(dnsQuery(number * EACH + i, name), port);
    const reply = answer === undefined ? undefined : dnsReply(answer);
    if (reply?.id !== number * EACH + i || reply.name !== name || reply.address !== DnsServer.ADDRESS)
      faults.push(`${name}: ${JSON.stringify(reply)}`);
  }
  return faults;
}
