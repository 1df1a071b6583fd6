import { Capture } from '../frame/capture.js';
import { expect } from '../frame/expect.js';
import { dig } from './dns.js';

const DNS_PORT = 5_300;
const NO_ANSWER = 'REFUSED';
/** What dnsdist answers a visitor that it knows by its real address. */
const KNOWN = { ipv4: '192.0.2.44', ipv6: '192.0.2.66' };

/** Which of five datagrams have the header, by manner, if the service answers the third. */
const MANNERS = [
  { identity: 'proxy-v2-first', port: 5_401, headers: [true, false, false, false, false] },
  { identity: 'proxy-v2-until-reply', port: 5_402, headers: [true, true, true, false, false] },
  { identity: 'proxy-v2-every', port: 5_403, headers: [true, true, true, true, true] },
];
const FIELDS = [
  'proxy.src.ipv4',
  'proxy.src.ipv6',
  'proxy.srcport',
  'proxy.dst.ipv4',
  'proxy.dst.ipv6',
  'proxy.dstport',
];

/**
 * dnsdist learns the visitors' real addresses by PROXY protocol v2 in front of every datagram. It
 * reads no other manner, so Wireshark's decoder reads for each what the service received. Neither
 * knows Simple Proxy Protocol.
 */
export const proxyProtocol = {
  packages: ['dnsdist', 'bind9-dnsutils', 'tshark', 'tcpdump', 'socat'],
  async run(lab) {
    const dnsdist = await startDnsdist(lab);
    const manners = MANNERS.map(({ identity, port }) => `${port}=${port};identity=${identity}`);
    await lab.startRelay({ publishes: [`${DNS_PORT};identity=proxy-v2-every`, ...manners] });
    const seen = await askDnsdist(lab, dnsdist);
    for (const manner of MANNERS) seen.push(await decoded(lab, manner));
    return seen.join('; ');
  },
};

async function startDnsdist(lab) {
  const { service, visitor } = lab;
  const path = lab.file(
    'dnsdist.conf',
    `setLocal("127.0.0.1:${DNS_PORT}")
setACL({"0.0.0.0/0", "::/0"})
setProxyProtocolACL({"127.0.0.1/32"})
setSecurityPollSuffix("")
addAction(AllRule(), LuaAction(function(dq)
  infolog("asked by " .. dq.remoteaddr:toStringWithPort() .. " at " .. dq.localaddr:toStringWithPort())
  return DNSAction.None, ""
end))
addAction(makeRule("${visitor.ipv4}/32"), SpoofAction("${KNOWN.ipv4}"))
addAction(makeRule("${visitor.ipv6}/128"), SpoofAction("${KNOWN.ipv6}"))
addAction(AllRule(), RCodeAction(DNSRCode.${NO_ANSWER}))
`,
  );
  const dnsdist = service.start('dnsdist', ['--supervised', '--disable-syslog', '--config', path]);
  await service.listens(dnsdist, DNS_PORT);
  return dnsdist;
}

/** Expects that dnsdist knows visitors of both families by their addresses. */
async function askDnsdist({ visitor, server }, dnsdist) {
  const seen = [];
  for (const family of ['ipv4', 'ipv6']) {
    const answers = await dig(visitor, server[family], DNS_PORT);
    expect(answers.join() === KNOWN[family], `dnsdist took the ${family} visitor for another: ${answers.join()}`);
    const address = family === 'ipv4' ? visitor.ipv4 : `[${visitor.ipv6}]`;
    const [line] = await dnsdist.says(new RegExp(`asked by ${escaped(address)}:\\d+ at \\S+`));
    seen.push(`dnsdist: "${line}"`);
  }
  return seen;
}

/** Five datagrams of one visitor; the service replies to the third. */
async function decoded(lab, { identity, port, headers }) {
  const { service, visitor, server } = lab;
  const capture = await Capture.start(lab, service, 'lo', `udp dst port ${port}`, headers.length);
  const listening = service.start('socat', ['-b', '65536', `UDP4-LISTEN:${port},bind=127.0.0.1`, 'STDIO']);
  await service.listens(listening, port);
  const asking = visitor.start('socat', ['STDIO', `UDP4:${server.ipv4}:${port},sourceport=${port}`]);
  for (const [i] of headers.entries()) {
    asking.write(`datagram ${i}\n`);
    await listening.says(new RegExp(`datagram ${i}\n`));
    if (i !== 2) continue;
    listening.write('reply\n');
    await asking.says(/^reply$/m);
  }
  const flags = FIELDS.flatMap((field) => ['-e', field]);
  const rows = await capture.read([
    '-o',
    'udp.try_heuristic_first:TRUE',
    '-T',
    'fields',
    '-E',
    'separator=,',
    ...flags,
  ]);
  const wanted = `${visitor.ipv4},,${port},${server.ipv4},,${port}`;
  const read = rows.split('\n').filter((row) => row.includes(','));
  const expected = headers.map((has) => (has ? wanted : ',,,,,'));
  expect(read.join('\n') === expected.join('\n'), `${identity}, as Wireshark reads it:\n${read.join('\n')}`);
  return `${identity}: tshark reads the header in ${headers.filter(Boolean).length} of ${headers.length} datagrams`;
}

const escaped = (text) => text.replaceAll(/[.[\]]/g, '\\$&');
