import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Capture } from '../frame/capture.js';
import { expect } from '../frame/expect.js';

const SIP_PORT = 5_060;
const MEDIA_PORT = 6_000;
const MEDIA_PORTS = `${MEDIA_PORT}-6003`;
const CALLS = 3;
const CALLS_PER_SECOND = 2;
/** Two seconds of PCMA: 8,000 bytes a second in packets of 160. */
const SPEECH_BYTES = 16_000;
const SPEECH_PACKETS = SPEECH_BYTES / 160;
const TERMINAL = { TERM: 'dumb' };

/** sipp behind the NAT is called and sends the speech back: published ports for SIP and for RTP. */
export const sip = {
  packages: ['sip-tester', 'tshark', 'tcpdump'],
  async run(lab) {
    const { visitor, server, folder } = lab;
    lab.file('speech.raw', Buffer.alloc(SPEECH_BYTES, 0xd5));
    await startCalled(lab);
    await lab.startRelay({ publishes: [`${SIP_PORT}`, MEDIA_PORTS] });
    const capture = await Capture.start(lab, visitor, 'net', `udp port ${MEDIA_PORT}`, 2 * CALLS * SPEECH_PACKETS);
    const calling = [
      '-sf',
      script('calling'),
      '-i',
      visitor.ipv4,
      '-mi',
      visitor.ipv4,
      '-m',
      CALLS,
      '-r',
      CALLS_PER_SECOND,
    ];
    const said = await visitor.run('sipp', [...calling, '-nostdin', `${server.ipv4}:${SIP_PORT}`], {
      environment: TERMINAL,
      folder,
      withinMs: 40_000,
    });
    const [, successful] = /Successful call\s*\|\s*\d+\s*\|\s*(\d+)/.exec(said) ?? [];
    expect(Number(successful) === CALLS, `${successful} of ${CALLS} calls`);
    const streams = rtpStreams(await capture.read(['-d', `udp.port==${MEDIA_PORT},rtp`, '-q', '-z', 'rtp,streams']));
    return `${successful} calls; ${heard(streams, server.ipv4)}`;
  },
};

const script = (name) => join(import.meta.dirname, 'sip', `${name}.xml`);

/** Its answers name the address where visitors reach it, as one tells a SIP server behind a NAT. */
async function startCalled(lab) {
  const { service, server, folder } = lab;
  const scenario = readFileSync(script('called'), 'utf8').replaceAll('[public]', server.ipv4);
  const where = ['-i', '127.0.0.1', '-p', SIP_PORT, '-mi', '127.0.0.1', '-mp', MEDIA_PORT, '-rtp_echo', '-nostdin'];
  const called = service.start('sipp', ['-sf', lab.file('called.xml', scenario), ...where], {
    environment: TERMINAL,
    folder,
  });
  await service.listens(called, SIP_PORT);
  await service.listens(called, MEDIA_PORT);
}

/** Reads tshark's table of RTP streams: source, packets, largest jitter. */
function rtpStreams(table) {
  const row = /^\s*[\d.]+\s+[\d.]+\s+(\S+)\s+\d+\s+\S+\s+\d+\s+0x\w+\s+.+?\s+(\d+)\s+-?\d+ \(.*?\)\s+(.*?)\s*$/gm;
  return [...table.matchAll(row)].map(([, source, packets, figures]) => {
    const [, , , , , jitter] = figures.split(/\s+/);
    return { source, packets: Number(packets), jitter: Number(jitter) };
  });
}

/**
 * Expects that all of the speech that was sent comes back. Returns in words what there was. sipp
 * leaves out packets for which it is late.
 */
function heard(streams, server) {
  const back = streams.filter(({ source }) => source === server);
  const sent = packetsOf(streams) - packetsOf(back);
  const wanted = CALLS * SPEECH_PACKETS;
  const text = `RTP of ${wanted} packets: ${sent} sent, ${packetsOf(back)} back`;
  expect(packetsOf(back) === sent && sent > wanted / 2, text);
  return `tshark: ${text}, jitter at most ${Math.max(...back.map(({ jitter }) => jitter))} ms`;
}

const packetsOf = (streams) => streams.reduce((sum, { packets }) => sum + packets, 0);
