/**
 * The network of a scenario, in namespaces of its own:
 *
 *     service ── nat ── internet ── server
 *                          └─────── visitor
 *
 * `nat` gives everything from `service` its own address, and lets nothing in that nobody inside has
 * asked for. The public networks have the addresses that are reserved for documentation.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { isLeft, prefixOf } from './owner.js';
import { Place } from './place.js';

const NAMESPACES = '/run/netns';
/** How often it looks whether the programs of a namespace are gone, some ms each. */
const MAX_LOOKS = 500;
const GENTLE_LOOKS = 50;

/** The links: two places with the name of its end in each, and the addresses there. */
const LINKS = [
  ['service', 'net', ['10.7.0.2/24', 'fd07::2/64'], 'nat', 'lan', ['10.7.0.1/24', 'fd07::1/64']],
  ['nat', 'wan', ['192.0.2.2/24', '2001:db8:2::2/64'], 'internet', 'nat', ['192.0.2.1/24', '2001:db8:2::1/64']],
  [
    'server',
    'net',
    ['198.51.100.2/24', '2001:db8:1::2/64'],
    'internet',
    'server',
    ['198.51.100.1/24', '2001:db8:1::1/64'],
  ],
  [
    'visitor',
    'net',
    ['203.0.113.2/24', '2001:db8:3::2/64'],
    'internet',
    'visitor',
    ['203.0.113.1/24', '2001:db8:3::1/64'],
  ],
];
const PLACES = ['service', 'nat', 'internet', 'server', 'visitor'];

const RULES = `
table inet nat {
  chain prerouting { type nat hook prerouting priority dstnat; }
  chain postrouting { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }
  chain forward {
    type filter hook forward priority filter; policy drop;
    iifname "lan" accept
    ct state established,related accept
    ct status dnat accept
  }
}`;

/** Makes the network. Returns its places by name. */
export function makeNetwork() {
  for (const place of PLACES) ip('netns', 'add', namespaceOf(place));
  for (const place of PLACES) {
    inside(place, 'sysctl', '-qw', 'net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0');
    inside(place, 'ip', 'link', 'set', 'lo', 'up');
    sendSingly(place, 'lo');
  }
  for (const place of ['nat', 'internet'])
    inside(place, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  for (const link of LINKS) join(link);
  inside('nat', 'nft', RULES);
  return Object.fromEntries(PLACES.map((place) => [place, new Place(namespaceOf(place), addressesOf(place))]));
}

/** Ends every program of the network and removes it. Does nothing where there is none. */
export function removeNetwork() {
  for (const place of PLACES) removeNamespace(namespaceOf(place));
}

/** Removes networks of runs that could not do it themselves. */
export function removeLeftNetworks() {
  if (!existsSync(NAMESPACES)) return;
  for (const name of readdirSync(NAMESPACES)) if (isLeft(name)) removeNamespace(name);
}

/** Gives the visitor other addresses in place of those that it has, as a phone gets them. */
export async function moveVisitor(visitor, ipv4) {
  await visitor.run('ip', ['-4', 'address', 'flush', 'dev', 'net']);
  await visitor.run('ip', ['address', 'add', `${ipv4}/24`, 'dev', 'net']);
  await visitor.run('ip', ['route', 'add', 'default', 'via', '203.0.113.1']);
  visitor.ipv4 = ipv4;
}

function join([one, oneEnd, oneAddresses, other, otherEnd, otherAddresses]) {
  const ends = [
    [one, oneEnd, oneAddresses],
    [other, otherEnd, otherAddresses],
  ];
  const peer = ['peer', 'name', otherEnd, 'netns', namespaceOf(other)];
  ip('link', 'add', 'name', oneEnd, 'netns', namespaceOf(one), 'type', 'veth', ...peer);
  for (const [place, end, addresses] of ends) {
    for (const address of addresses) inside(place, 'ip', 'address', 'add', address, 'dev', end);
    inside(place, 'ip', 'link', 'set', 'dev', end, 'up');
    sendSingly(place, end);
  }
  // The place that is named first reaches all others through the second.
  for (const gateway of otherAddresses.map(withoutPrefix))
    inside(one, 'ip', gateway.includes(':') ? '-6' : '-4', 'route', 'add', 'default', 'via', gateway);
}

/** Each datagram travels by itself, as on a wire; else a record shows one where several went. */
function sendSingly(place, device) {
  inside(place, 'ethtool', '--offload', device, 'tx-udp-segmentation', 'off', 'gro', 'off');
}

function addressesOf(place) {
  const [ipv4, ipv6] = LINKS.find(([name]) => name === place)?.[2].map(withoutPrefix) ?? [];
  return { ipv4, ipv6 };
}

function removeNamespace(name) {
  if (!existsSync(`${NAMESPACES}/${name}`)) return;
  for (let i = 0; i < MAX_LOOKS; i++) {
    const pids = execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).split('\n').filter(Boolean);
    if (pids.length === 0) break;
    // At first as users do: some programs remove their files then.
    for (const pid of pids) end(Number(pid), i < GENTLE_LOOKS ? 'SIGTERM' : 'SIGKILL');
  }
  ip('netns', 'delete', name);
}

function end(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

const namespaceOf = (place) => `${prefixOf(process.pid)}-${place}`;
const withoutPrefix = (address) => address.split('/')[0];
const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
const inside = (place, ...command) => ip('netns', 'exec', namespaceOf(place), ...command);
