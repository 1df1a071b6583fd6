// Sends DNS queries behind our PROXY v2 headers to unbound (Debian's package), which accepts them
// over UDP, and reads in its log whom it took for the client. `node scripts/prove-proxy-v2.mjs
// [path of unbound]`, after a build. Everything is on loopback. Exits with 1 if unbound disagrees.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encodeProxiedDatagram, parseEndpoint, PROXY_TLV } from '../dist/index.js';

const DESTINATIONS = { 4: parseEndpoint('198.51.100.7:53'), 6: parseEndpoint('[2001:db8::53]:53') };
const CRC = { type: PROXY_TLV.crc32c, value: new Uint8Array(4) };
const UNIQUE_ID = { type: PROXY_TLV.uniqueId, value: Uint8Array.of(1, 2, 3) };
const CASES = [
  { what: 'IPv4', source: '192.0.2.1:50000', destination: DESTINATIONS[4], tlvs: [], logged: '192.0.2.1' },
  {
    what: 'IPv4 with TLVs',
    source: '192.0.2.2:50000',
    destination: DESTINATIONS[4],
    tlvs: [UNIQUE_ID, CRC],
    logged: '192.0.2.2',
  },
  { what: 'IPv6', source: '[2001:db8::1]:50000', destination: DESTINATIONS[6], tlvs: [], logged: '2001:db8::1' },
  {
    what: 'IPv6 with TLVs',
    source: '[2001:db8::2]:50000',
    destination: DESTINATIONS[6],
    tlvs: [CRC],
    logged: '2001:db8::2',
  },
  {
    what: 'IPv4 to IPv6',
    source: '192.0.2.3:50000',
    destination: DESTINATIONS[6],
    tlvs: [],
    logged: '::ffff:192.0.2.3',
  },
  { what: 'local', source: undefined, tlvs: [], logged: '127.0.0.1' },
];

/** A query for the addresses of `name`, as RFC 1035 §4 lays it out. */
function query(name) {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Uint8Array.of(0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1);
}

async function freePort() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

const folder = mkdtempSync(join(tmpdir(), 'relay-proxy-v2-'));
const port = await freePort();
writeFileSync(
  join(folder, 'unbound.conf'),
  `server:
  interface: 127.0.0.1@${port}
  proxy-protocol-port: ${port}
  do-daemonize: no
  do-tcp: no
  use-syslog: no
  log-queries: yes
  verbosity: 1
  chroot: ""
  username: ""
  pidfile: ""
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  local-zone: "test." static
  ${CASES.map((_, i) => `local-data: "case${i}.test. A 192.0.2.53"`).join('\n  ')}
remote-control:
  control-enable: no
`,
);
const unbound = spawn(process.argv[2] ?? 'unbound', ['-d', '-c', join(folder, 'unbound.conf')], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
const log = createInterface({ input: unbound.stderr })[Symbol.asyncIterator]();
const socket = createSocket('udp4').bind(0, '127.0.0.1');

async function nextLine(wanted) {
  for (;;) {
    const { value, done } = await log.next();
    if (done) throw new Error(`unbound ended before it said ${wanted}`);
    if (wanted.test(value)) return value;
  }
}

const patience = setTimeout(() => unbound.kill('SIGKILL'), 20_000);
try {
  await nextLine(/start of service/);
  for (const [i, { what, source, destination, tlvs, logged }] of CASES.entries()) {
    const endpoints = source === undefined ? undefined : { source: parseEndpoint(source), destination };
    const answer = once(socket, 'message');
    socket.send(encodeProxiedDatagram({ endpoints, tlvs, payload: query(`case${i}.test`) }), port, '127.0.0.1');
    const line = await nextLine(new RegExp(`info: \\S+ case${i}\\.test\\.`));
    const [, client] = /info: (\S+) /.exec(line);
    const [message] = await answer;
    const isRight = client === logged && (message[3] & 0x0f) === 0;
    console.log(`${isRight ? 'as it should' : 'WRONG'}: ${what}: unbound took ${client} for the client`);
    if (!isRight) process.exitCode = 1;
  }
} finally {
  clearTimeout(patience);
  socket.close();
  unbound.kill();
  rmSync(folder, { recursive: true });
}
