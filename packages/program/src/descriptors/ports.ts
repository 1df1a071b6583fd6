import { readFileSync } from 'node:fs';

/** The share of the ports that a program may take: other programs of the host need some too. */
const SHARE = 3 / 4;

/**
 * Returns how many ports of this host sockets may take that leave the choice to the system, or
 * undefined if the system does not say: `net.ipv4.ip_local_port_range`, which holds for IPv6 too.
 */
export function portsThatFit(): number | undefined {
  try {
    return parsePortRange(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1'));
  } catch {
    return undefined;
  }
}

/** Reads the text of `ip_local_port_range`, such as `32768 60999`. */
export function parsePortRange(text: string): number | undefined {
  const [, first, last] = /^(\d+)\s+(\d+)\s*$/.exec(text) ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) return undefined;
  return Math.floor((Number(last) - Number(first) + 1) * SHARE);
}
