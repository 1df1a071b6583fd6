import { join } from 'node:path';
import { expect } from '../frame/expect.js';

const PORT = 3_478;
const UPSTREAM_PORT = 3_479;
const PEER_PORT = 3_480;
const USER = 'visitor';
const PASSWORD = 'of-one-test';
/** Clients at a time, messages of each, bytes of each message. */
const LOADS = [
  { clients: 1, messages: 200, bytes: 171 },
  { clients: 10, messages: 100, bytes: 1_000 },
  { clients: 2, messages: 50, bytes: 1_390 },
];

/** coturn behind a route; its own client sends through it to its own peer. */
export const turnRoute = {
  packages: ['coturn'],
  async run(lab) {
    const { server, visitor } = lab;
    await startTurn(lab);
    await lab.startRelay({ routes: [`${PORT}=127.0.0.1:${UPSTREAM_PORT}`] });
    const seen = [];
    for (const { clients, messages, bytes } of LOADS) {
      const load = ['-m', clients, '-n', messages, '-l', bytes];
      const peer = ['-e', server.ipv4, '-r', PEER_PORT, '-p', PORT];
      const said = await visitor.run(
        'turnutils_uclient',
        ['-u', USER, '-w', PASSWORD, '-z', 10, ...peer, ...load, server.ipv4],
        { withinMs: 60_000 },
      );
      const [, sent, received] = [...said.matchAll(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/g)].at(-1) ?? [];
      const text = `${received} of ${sent} messages of ${bytes} bytes back`;
      expect(Number(sent) >= clients * messages && received === sent, `${text}: ${said.slice(-300)}`);
      seen.push(`${text} to ${clients}`);
    }
    return seen.join(', ');
  },
};

async function startTurn({ server, folder }) {
  const where = [
    '-n',
    '-L',
    '127.0.0.1',
    '-E',
    server.ipv4,
    '-p',
    UPSTREAM_PORT,
    '--min-port',
    50_000,
    '--max-port',
    50_999,
  ];
  const who = ['-a', '-u', `${USER}:${PASSWORD}`, '-r', 'relay.test', '--allow-loopback-peers'];
  const files = ['--log-file', 'stdout', '--pidfile', join(folder, 'turn.pid'), '--userdb', join(folder, 'turn.db')];
  const turn = server.start('turnserver', [...where, ...who, ...files, '--no-tls', '--no-dtls', '--no-cli']);
  await server.listens(turn, UPSTREAM_PORT);
  const peer = server.start('turnutils_peer', ['-L', server.ipv4, '-p', PEER_PORT]);
  await server.listens(peer, PEER_PORT);
}
