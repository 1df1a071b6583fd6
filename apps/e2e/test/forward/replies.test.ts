import { describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { Application } from '../support/application.js';
import { Ledger } from '../support/conservation.js';
import { DnsServer } from '../support/dns-server.js';
import { dnsQuery, dnsReply } from '../support/dns-message.js';
import { ENGINES } from '../support/engines.js';
import { eventually } from '../support/eventually.js';
import { startRelay } from '../support/relay.js';
import { shared } from '../support/resources.js';

const PER_SECOND = 300;
const SECONDS = 3;
const QUESTIONS = PER_SECOND * SECONDS;
/** As long as resolvers wait. */
const PATIENCE_MS = 5000;

// Resolvers ask each question from a port of its own.
describe.each(ENGINES)('a DNS server behind two forwards, one with replies=1, engine %s,', (engine) => {
  const opened = shared(async (keep) => {
    const dns = keep(await DnsServer.start());
    const target = `127.0.0.1:${dns.port}`;
    const relay = keep(await startRelay({ engine, forwards: [`0=${target}`, `127.0.0.2:0=${target};replies=1`] }));
    return { relay };
  });

  test(`answers ${PER_SECOND} questions a second for ${SECONDS} s, each of another source, and flows with their reply end`, async () => {
    const { relay } = opened();
    const [plain = 0, replies = 0] = relay.ports;
    const ledger = await Ledger.open(relay);
    const asked: Promise<readonly (string | undefined)[]>[] = [];
    const sources = new Set<number>(); // the system gives some ports twice
    const begunMs = performance.now();
    while (asked.length < QUESTIONS) {
      const due = Math.min(QUESTIONS, Math.ceil(((performance.now() - begunMs) / 1000) * PER_SECOND));
      while (asked.length < due)
        asked.push(
          Promise.all([
            question(asked.length, plain, '127.0.0.1', sources),
            question(asked.length, replies, '127.0.0.2', new Set()),
          ]),
        );
      await delay(1);
    }
    const faults = (await Promise.all(asked)).flat().filter((fault) => fault !== undefined);
    expect(faults).toEqual([]);
    await ledger.expectNothingLost(2 * QUESTIONS);
    await eventually(async () => {
      const { forwards, flows } = await relay.client.status();
      expect([...forwards.map((forward) => forward.flows), flows]).toEqual([sources.size, 0, sources.size]);
      expect(await relay.server.status()).toMatchObject({ flows: sources.size });
    });
  });
});

/**
 * Asks once from a port of its own, which it adds to `sources`. Returns what is wrong with the
 * answer, if anything is.
 */
async function question(number: number, port: number, to: string, sources: Set<number>): Promise<string | undefined> {
  await using resolver = await Application.open('127.0.0.1', to);
  sources.add(resolver.port);
  const name = `question-${number}.example.test`;
  await resolver.send(dnsQuery(number, name), port);
  const answer = await resolver.receive(PATIENCE_MS);
  const reply = answer === undefined ? undefined : dnsReply(answer);
  const isRight = reply?.id === number && reply.name === name && reply.address === DnsServer.ADDRESS;
  return isRight ? undefined : `${name} at ${to}: ${JSON.stringify(reply)}`;
}
