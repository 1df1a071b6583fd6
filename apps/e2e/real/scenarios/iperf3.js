import { expect } from '../frame/expect.js';

const PORT = 5_201;
const RATE = '50M';
const SECONDS = 4;
const MOST_LOST_PERCENT = 1;
const STREAM = ['--udp', '--bitrate', RATE, '--length', 1_200, '--time', SECONDS, '--window', '2M', '--json'];

/**
 * iperf3 UDP both ways through publish. Its TCP control connection goes another way, through a port
 * of the NAT.
 */
export const iperf3 = {
  packages: ['iperf3', 'socat'],
  async run(lab) {
    const { service, visitor, server } = lab;
    const iperf = service.start('iperf3', ['--server', '--port', PORT, '--bind', service.ipv4]);
    await service.listens(iperf, PORT, 'tcp');
    await passTcp(lab);
    await lab.startRelay({ publishes: [`${PORT}=${service.ipv4}:${PORT}`] });
    const seen = [];
    for (const [direction, flags] of [
      ['to the service', []],
      ['from the service', ['--reverse']],
    ])
      seen.push(
        `${direction} ${await streamed(visitor, ['--client', server.ipv4, '--port', PORT, ...STREAM, ...flags])}`,
      );
    return seen.join(', ');
  },
};

/** Lets iperf3's control connection from the server's TCP port to the service. */
async function passTcp({ nat, server }) {
  const rule = `iifname "wan" tcp dport ${PORT} dnat ip to 10.7.0.2`;
  await nat.run('nft', [`add rule inet nat prerouting ${rule}`]);
  const socat = server.start('socat', [`TCP-LISTEN:${PORT},fork,reuseaddr`, `TCP:${nat.ipv4}:${PORT}`]);
  await server.listens(socat, PORT, 'tcp');
}

/** Returns what came through, in words. */
async function streamed(visitor, command) {
  const report = JSON.parse(await visitor.run('iperf3', command, { withinMs: 30_000 }));
  const {
    packets,
    lost_packets: lost,
    lost_percent: percent,
    jitter_ms: jitter,
    bits_per_second: rate,
  } = report.end.sum;
  const text = `${(rate / 1e6).toFixed(1)} Mbit/s, ${lost} of ${packets} lost, jitter ${jitter.toFixed(3)} ms`;
  expect(percent < MOST_LOST_PERCENT && packets > 10_000, text);
  return text;
}
