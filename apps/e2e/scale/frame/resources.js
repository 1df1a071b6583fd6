import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

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

/** How many UDP ports a process has in its place. */
export async function portsOf(pid, place) {
  const folder = `/proc/${pid}/fd`;
  const links = readdirSync(folder).map((name) => linkOf(`${folder}/${name}`));
  const own = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const text = await place.run('cat', ['/proc/net/udp', '/proc/net/udp6']);
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  // The columns: number, local address and port, …, inode.
  const local = rows.filter((columns) => own.has(columns[9])).map((columns) => columns[1].split(':')[1]);
  return new Set(local).size;
}

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed since the folder was read
  }
}
