import { readdirSync, readFileSync } from 'node:fs';

/** How many descriptors a process has. */
export const descriptorsOf = (pid) => readdirSync(`/proc/${pid}/fd`).length;

/** The resident memory of a process, MiB. */
export const residentMiB = (pid) =>
  Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024);

/** How many UDP sockets of IPv4 and IPv6 there are in a place. */
export async function udpSockets(place) {
  const text = await place.run('cat', ['/proc/net/udp', '/proc/net/udp6']);
  return text.split('\n').filter((line) => /^\s*\d+:/.test(line)).length;
}
