import { expect } from '../frame/expect.js';
import { dig, startDns } from './dns.js';

const PORT = 53;
const ROUTE_PORT = 5_300;
/** The upstreams, and what each answers: two of IPv4 and one of IPv6. */
const UPSTREAMS = [
  { address: '127.0.0.11', target: `127.0.0.11:${PORT}`, answer: '192.0.2.101' },
  { address: '127.0.0.12', target: `127.0.0.12:${PORT}`, answer: '192.0.2.102' },
  { address: '::1', target: `[::1]:${PORT}`, answer: '192.0.2.103' },
];
const QUESTIONS = 12;
/** As many as may be asked of an upstream before it is known to be gone. */
const MOST_FAILED = 3;

/** Three dnsmasqs behind one route, asked over IPv4 and IPv6; then one of them ends. */
export const dnsRoute = {
  packages: ['dnsmasq-base', 'bind9-dnsutils'],
  async run(lab) {
    const { server, visitor } = lab;
    const started = [];
    for (const { address, answer } of UPSTREAMS) started.push(await startDns(server, address, PORT, answer));
    const targets = UPSTREAMS.map(({ target }) => target).join(',');
    await lab.startRelay({ routes: [`${ROUTE_PORT}=${targets};replies=1`] });
    const seen = [];
    for (const address of [server.ipv4, server.ipv6]) {
      const { counts, failed } = await askOften(visitor, address);
      expect(failed === 0 && counts.every((count) => count === QUESTIONS / UPSTREAMS.length), `${address}: ${counts}`);
      seen.push(`asked at ${address}: answered by each upstream ${counts.join(', ')} times`);
    }
    await started[0].stop();
    const { counts, failed } = await askOften(visitor, server.ipv4);
    expect(
      failed <= MOST_FAILED && counts[0] === 0 && counts[1] > 2 && counts[2] > 2,
      `one gone: ${counts}, ${failed}`,
    );
    return `${seen.join('; ')}; without the first: ${counts.join(', ')}, ${failed} without an answer`;
  },
};

/** Asks a number of questions. Returns how many each upstream has answered, and nobody. */
async function askOften(visitor, address) {
  const counts = UPSTREAMS.map(() => 0);
  let failed = 0;
  for (let i = 0; i < QUESTIONS; i++) {
    const answers = await dig(visitor, address, ROUTE_PORT);
    const place = UPSTREAMS.findIndex(({ answer }) => answer === answers.join());
    if (place < 0) failed++;
    else counts[place]++;
  }
  return { counts, failed };
}
