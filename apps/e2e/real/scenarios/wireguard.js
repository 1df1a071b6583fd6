import { expect } from '../frame/expect.js';

const PORT = 51_820;
const IPERF_PORT = 5_201;
const LINK_MTU = 1_420;
const INSIDE = { service: '10.99.0.1', visitor: '10.99.0.2' };
/** Payloads of pings, in bytes, up to the largest that fits the tunnel with 28 bytes of headers. */
const SIZES = [56, 1_200, 1_300, LINK_MTU - 28];
const PINGS = 10;

/** wireguard-go behind the NAT, its port published; ping and iperf3 run inside of the tunnel. */
export const wireguard = {
  packages: ['wireguard-go', 'wireguard-tools', 'iputils-ping', 'iperf3'],
  async run(lab) {
    const { service, visitor, server } = lab;
    const keys = { service: await keyPair(service), visitor: await keyPair(visitor) };
    await startPeer(lab, 'service', keys, ['listen-port', PORT], []);
    await startPeer(lab, 'visitor', keys, [], ['endpoint', `${server.ipv4}:${PORT}`]);
    await lab.startRelay({ publishes: [`${PORT}`] });
    const pinged = [];
    for (const size of SIZES) pinged.push(await ping(visitor, size));
    const up = await throughput(lab, []);
    const down = await throughput(lab, ['--reverse']);
    return `ping ${pinged.join(', ')}; TCP inside ${up} Mbit/s to the service, ${down} from it`;
  },
};

async function keyPair(place) {
  const secret = await place.run('wg', ['genkey']);
  return { secret, open: (await place.run('wg', ['pubkey'], { input: secret })).trim() };
}

/** `other` is what it knows of its peer besides the key. */
async function startPeer(lab, name, keys, own, other) {
  const place = lab[name];
  const peer = name === 'service' ? 'visitor' : 'service';
  // The sockets that configure wireguard-go lie in one folder for all namespaces.
  const link = `wg${process.pid}${name[0]}`;
  const program = place.start('wireguard-go', ['--foreground', link], { environment: { LOG_LEVEL: 'verbose' } });
  await program.says(/UAPI listener started/);
  const key = ['private-key', lab.file(`${name}.key`, keys[name].secret)];
  const allowed = ['peer', keys[peer].open, 'allowed-ips', `${INSIDE[peer]}/32`];
  await place.run('wg', ['set', link, ...own, ...key, ...allowed, ...other]);
  await place.run('ip', ['address', 'add', `${INSIDE[name]}/24`, 'dev', link]);
  await place.run('ip', ['link', 'set', 'dev', link, 'mtu', LINK_MTU, 'up']);
}

/** Pings the service through the tunnel, unfragmented. Returns the mean round trip in words. */
async function ping(visitor, size) {
  const flags = ['-M', 'do', '-c', PINGS, '-i', '0.05', '-W', 2, '-s', size];
  const said = await visitor.run('ping', [...flags, INSIDE.service]);
  const [, received] = /(\d+) received/.exec(said) ?? [];
  expect(Number(received) === PINGS, `ping of ${size} bytes: ${received} of ${PINGS} came back`);
  return `${size} B ${/= [\d.]+\/([\d.]+)\//.exec(said)?.[1]} ms`;
}

async function throughput({ service, visitor }, flags) {
  const listening = service.start('iperf3', ['--server', '--one-off', '--port', IPERF_PORT]);
  await service.listens(listening, IPERF_PORT, 'tcp');
  const command = ['--client', INSIDE.service, '--port', IPERF_PORT, '--time', 3, '--json', ...flags];
  const { end } = JSON.parse(await visitor.run('iperf3', command, { withinMs: 30_000 }));
  await listening.finished();
  return (end.sum_received.bits_per_second / 1e6).toFixed(0);
}
