import { expect, test } from '@jest/globals';
import { ClientChannel, generateKeyPair, ServerChannel, WIREGUARD_PROTOCOL, type Session } from '../src/index.js';
import { echoReplySequence, echoRequest } from './icmp.js';
import { UdpEnd } from './udp-end.js';
import { WireGuardGo } from './wireguard-go.js';

const ITS_TUNNEL_ADDRESS = '10.213.9.1';
const OUR_TUNNEL_ADDRESS = '10.213.9.2';
const KEEPALIVE_BYTES = 32;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('our client completes handshake, keepalives and rekeys with wireguard-go, and packets cross under each key', async () => {
  const [ours, its] = [generateKeyPair(), generateKeyPair()];
  await using peer = await WireGuardGo.start(0, ITS_TUNNEL_ADDRESS);
  await using end = await UdpEnd.open(peer.hostAddress);
  await peer.configure(
    `private_key=${hex(its.privateKey)}`,
    'listen_port=51820',
    `public_key=${hex(ours.publicKey)}`,
    `allowed_ip=${OUR_TUNNEL_ADDRESS}/32`,
    'persistent_keepalive_interval=1',
  );
  const client = new ClientChannel({
    staticKey: ours,
    serverPublicKey: its.publicKey,
    server: { address: peer.address, port: 51_820 },
    protocol: WIREGUARD_PROTOCOL,
    // Longer than its own interval: it is silent while anything crosses.
    keepaliveMs: 1500,
    rekeyAfterMs: 5000,
    out: end.out,
  });
  client.connect(end.nowMs, Date.now());
  end.drive(client);
  await end.until(() => client.session !== undefined);
  await expectEcho(end, () => client.session, 1);
  expect(await peer.peerValue('last_handshake_time_sec')).toBeGreaterThan(0);

  const keepalivesBefore = packetsIn(client.session);
  const bytesBefore = await peer.peerValue('rx_bytes');
  await end.until(() => packetsIn(client.session) >= keepalivesBefore + 3);
  expect(await peer.peerValue('rx_bytes')).toBeGreaterThanOrEqual(bytesBefore + KEEPALIVE_BYTES);
  await end.until(() => end.events.filter((kind) => kind === 'rekeyed').length >= 1);
  await expectEcho(end, () => client.session, 2);
  expect(new Set(end.events)).toEqual(new Set(['connected', 'rekeyed']));
  expect(end.drops).toEqual([]);
  client.close(end.nowMs);
  end.changed();
});

test('our server answers wireguard-go: handshake, keepalives, and a rekey that it begins because it hears nothing', async () => {
  const [ours, its] = [generateKeyPair(), generateKeyPair()];
  await using peer = await WireGuardGo.start(1, ITS_TUNNEL_ADDRESS);
  await using end = await UdpEnd.open(peer.hostAddress);
  const entry = { name: 'wireguard-go', limits: {}, newestTimestamp: 0n };
  const server = new ServerChannel({
    staticKey: ours,
    clients: {
      lookup: (publicKey) => (hex(publicKey) === hex(its.publicKey) ? entry : undefined),
      recordTimestamp: (_publicKey, timestamp) => {
        entry.newestTimestamp = timestamp;
      },
    },
    wallClock: () => Date.now(),
    protocol: WIREGUARD_PROTOCOL,
    out: end.out,
  });
  end.drive(server);
  await peer.configure(
    `private_key=${hex(its.privateKey)}`,
    `public_key=${hex(ours.publicKey)}`,
    `endpoint=${peer.hostAddress}:${end.port}`,
    `allowed_ip=${OUR_TUNNEL_ADDRESS}/32`,
    'persistent_keepalive_interval=1',
  );
  const session = () => [...server.sessions()][0];
  await end.until(() => session() !== undefined);
  await expectEcho(end, session, 1);
  const keepalivesBefore = packetsIn(session());
  await end.until(() => packetsIn(session()) >= keepalivesBefore + 2);

  // WireGuard's paper, §6.5: 15 s after data without an answer it begins a new handshake. Its data
  // is the answer to this echo.
  sendEcho(end, session(), 2);
  await end.until(() => end.payloads.some((packet) => echoReplySequence(packet) === 2));
  end.isSilent = true;
  const bytesBefore = await peer.peerValue('rx_bytes');
  const handshakeBefore = entry.newestTimestamp;
  await end.until(() => packetsIn(session()) >= keepalivesBefore + 18);
  end.isSilent = false;
  await end.until(() => end.events.includes('rekeyed'));
  expect(entry.newestTimestamp).toBeGreaterThan(handshakeBefore);
  expect(await peer.peerValue('rx_bytes')).toBeGreaterThanOrEqual(bytesBefore);
  await expectEcho(end, session, 3);
});

function packetsIn(session: Session | undefined): number {
  return session?.statistics.packetsIn ?? 0;
}

function sendEcho(end: UdpEnd, session: Session | undefined, sequence: number): void {
  const request = echoRequest(OUR_TUNNEL_ADDRESS, ITS_TUNNEL_ADDRESS, sequence);
  session?.sendFrames(request, 0, request.length, end.nowMs);
  end.changed();
}

async function expectEcho(end: UdpEnd, session: () => Session | undefined, sequence: number): Promise<void> {
  sendEcho(end, session(), sequence);
  await end.until(() => end.payloads.some((packet) => echoReplySequence(packet) === sequence));
}
