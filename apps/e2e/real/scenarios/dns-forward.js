import { join } from 'node:path';
import { expect } from '../frame/expect.js';
import { expectAnswer, startDns } from './dns.js';

const MAPPINGS = [
  { port: 5_353, keys: '', words: 'with defaults' },
  { port: 5_354, keys: ';replies=1', words: 'with replies=1' },
];
const RATE = 1_000;
const SECONDS = 20;
const SOURCES = join(import.meta.dirname, '..', 'programs', 'dns-sources.js');

/**
 * dnsmasq behind a forward: dig, then each of many questions from a source port of its own. None is
 * lost to a limit: what a busy machine loses is lost in the kernel, which counts it.
 */
export const dnsForward = {
  packages: ['dnsmasq-base', 'bind9-dnsutils'],
  async run(lab) {
    const { service, visitor } = lab;
    await startDns(visitor, visitor.ipv4, 53);
    await lab.startRelay({ forwards: MAPPINGS.map(({ port, keys }) => `${port}=${visitor.ipv4}:53${keys}`) });
    const seen = [];
    let unanswered = 0;
    for (const { port, words } of MAPPINGS) {
      await expectAnswer(service, '127.0.0.1', port);
      const asking = await service.run('node', [SOURCES, port, RATE, SECONDS], { withinMs: 60_000 });
      const { asked, answered, ports, seconds } = JSON.parse(asking);
      const lost = asked - answered;
      const flows = `flows ${(await lab.relay.status('client')).flows} and ${(await lab.relay.status('server')).flows}`;
      seen.push(`${words}: ${asked} asked in ${seconds} s from ${ports} ports, ${lost} lost, ${flows}`);
      unanswered += lost;
    }
    const dropped = Object.values(await lab.kernelDrops()).reduce((sum, count) => sum + count, 0);
    expect(unanswered <= dropped, `${seen.join('; ')}; the kernel dropped ${dropped}`);
    return seen.join('; ');
  },
};
