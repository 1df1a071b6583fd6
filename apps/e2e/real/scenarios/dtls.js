import { join } from 'node:path';
import { expect } from '../frame/expect.js';

const PUBLISHED = 4433;
const FORWARDED = 4434;
/** What `-mtu` says to OpenSSL: one that fits Relay's packets, and one that fills Ethernet. */
const MTUS = [1_200, 1_472];
/**
 * Sizes of datagrams: the last that travels in one packet of Relay and the first that does not, the
 * last that fits Ethernet and the first that does not.
 */
const SIZES = [40, 1_200, 1_415, 1_416, 1_472, 1_473, 4_000];
/** A record of AES-GCM has 37 bytes besides the line; a line ends with one more. */
const OVERHEAD = 38;

/** OpenSSL DTLS 1.2 with a cookie and a long certificate, through publish and through forward. */
export const dtls = {
  packages: ['openssl'],
  async run(lab) {
    const { service, visitor, server } = lab;
    const identity = await certificate(lab);
    await lab.startRelay({
      publishes: [`${PUBLISHED}`],
      forwards: [`${FORWARDED}=${visitor.ipv4}:${FORWARDED}`],
    });
    const seen = [`datagrams of ${SIZES.join(', ')} bytes both ways`];
    for (const mtu of MTUS) {
      const published = await talk({ ...identity, mtu, at: [service, `127.0.0.1:${PUBLISHED}`] }, visitor, {
        to: `${server.ipv4}:${PUBLISHED}`,
      });
      const forwarded = await talk({ ...identity, mtu, at: [visitor, `${visitor.ipv4}:${FORWARDED}`] }, service, {
        to: `127.0.0.1:${FORWARDED}`,
      });
      seen.push(`-mtu ${mtu}: publish ${published}, forward ${forwarded}`);
    }
    return seen.join('; ');
  },
};

/** A certificate of some 8 kB: a handshake of many datagrams. */
async function certificate({ service, folder }) {
  const key = join(folder, 'dtls.key');
  const cert = join(folder, 'dtls.pem');
  const names = Array.from({ length: 150 }, (_, i) => `DNS:host-${i}.a-rather-long-name.example.com`).join(',');
  const what = [
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=relay',
    '-addext',
    `subjectAltName=${names}`,
  ];
  await service.run('openssl', ['req', '-x509', '-keyout', key, '-out', cert, ...what]);
  return { key, cert };
}

/** Sends lines of all lengths both ways over one association. Returns its cipher. */
async function talk({ key, cert, mtu, at: [place, address] }, from, { to }) {
  const flags = ['-dtls1_2', '-listen', '-key', key, '-cert', cert, '-mtu', mtu];
  const listening = place.start('openssl', ['s_server', ...flags, '-accept', address]);
  await listening.says(/^ACCEPT/m);
  const connecting = from.start('openssl', ['s_client', '-dtls1_2', '-mtu', mtu, '-connect', to]);
  const [, cipher] = await connecting.says(/Cipher is (\S+)/);
  expect(cipher !== '(NONE)', `no handshake: ${connecting.said}`);
  await listening.says(/^CIPHER is /m);
  for (const size of SIZES) {
    await passes(connecting, listening, 'x'.repeat(size - OVERHEAD));
    await passes(listening, connecting, 'y'.repeat(size - OVERHEAD));
  }
  await connecting.stop();
  await listening.stop();
  return cipher;
}

async function passes(one, other, line) {
  const since = other.said.length;
  one.write(`${line}\n`);
  await other.says(new RegExp(`^${line}\\n`, 'm'), { since });
}
