import { join } from 'node:path';
import { expect } from '../frame/expect.js';

const PROGRAMS = join(import.meta.dirname, '..', 'programs');
const PORT = 7_000;
const FORWARD = 7_100;
const SMALL_MTU = 1_280;
const COUNT = 10;
const SIZES = [1_400, 4_000];
/** The server does not hear that something was too large for its way, as behind many firewalls. */
const DEAF = `
table inet deaf {
  chain input {
    type filter hook input priority filter;
    icmp type destination-unreachable drop
    icmpv6 type packet-too-big drop
  }
}`;

/**
 * The last link to the visitor takes 1,280 bytes. Datagrams that are larger reach a target there,
 * and a visitor there gets them from a published port: in fragments, from the port as before. On
 * native nothing is lost, although no notice of the router reaches the server. dgram needs the
 * notice, and loses the first.
 */
export const smallPath = {
  packages: [],
  async run(lab) {
    const { internet, server, service, visitor, engine } = lab;
    await internet.run('ip', ['link', 'set', 'dev', 'visitor', 'mtu', SMALL_MTU]);
    await visitor.run('ip', ['link', 'set', 'dev', 'net', 'mtu', SMALL_MTU]);
    if (engine === 'native') await server.run('nft', ['-f', '-'], { input: DEAF });
    const echoes = [service, visitor].map((place) => place.start('node', [join(PROGRAMS, 'echo.js'), PORT]));
    for (const echo of echoes) await echo.says(/listens on/);
    await lab.startRelay({ publishes: [PORT], forwards: [`${FORWARD}=${visitor.ipv4}:${PORT}`] });
    const seen = [];
    for (const bytes of SIZES)
      for (const [words, place, address, port] of [
        ['forward', service, '127.0.0.1', FORWARD],
        ['publish', visitor, server.ipv4, PORT],
      ]) {
        const asking = await place.run('node', [join(PROGRAMS, 'ask-one-by-one.js'), address, port, bytes, COUNT]);
        const { answered } = JSON.parse(asking);
        seen.push(`${words} ${bytes} bytes: ${answered} of ${COUNT}`);
        expect(answered >= (engine === 'native' ? COUNT : COUNT - 1), seen.join(', '));
      }
    const ports = echoes[1].said.match(/source port/g)?.length;
    expect(ports === SIZES.length, `${ports} ports for ${SIZES.length} flows`);
    return `${seen.join(', ')}; each flow from one port`;
  },
};
