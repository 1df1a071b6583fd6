import { expect } from '../frame/expect.js';
import { dig, startDns } from './dns.js';

const ON_IPV6 = 5_301;
const ON_IPV4 = 5_302;

/** Visitors of one family and a service that has only the other. */
export const families = {
  packages: ['dnsmasq-base', 'bind9-dnsutils'],
  async run(lab) {
    const { service, visitor, server } = lab;
    await startDns(service, '::1', ON_IPV6);
    await startDns(service, '127.0.0.1', ON_IPV4);
    await lab.startRelay({ publishes: [`${ON_IPV6}=[::1]:${ON_IPV6}`, `${ON_IPV4}=127.0.0.1:${ON_IPV4}`] });
    const seen = [];
    for (const [source, address] of [
      ['IPv4', server.ipv4],
      ['IPv6', server.ipv6],
    ])
      for (const [target, port] of [
        ['IPv6', ON_IPV6],
        ['IPv4', ON_IPV4],
      ]) {
        const [answer] = await dig(visitor, address, port);
        expect(answer !== undefined, `${source} visitor, ${target} service: no answer`);
        seen.push(`${source} visitor to ${target} service`);
      }
    return `dig answered: ${seen.join(', ')}`;
  },
};
