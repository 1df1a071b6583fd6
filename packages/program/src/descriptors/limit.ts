import { readdirSync, readFileSync } from 'node:fs';
import type { Logger } from '@relay/logging';

/** How many file descriptors a process may have, and how many it has. */
export interface DescriptorRoom {
  /** RLIMIT_NOFILE: Node.js raises the soft limit to the hard one when it starts. */
  readonly limit: number;
  readonly open: number;
}

/** Kept free of flows: for the admin socket, files, logs, name lookups, and what libraries open. */
const KEPT_FREE = 64;

/** Reads proc(5); undefined where there is none, or no limit. */
export function descriptorRoom(): DescriptorRoom | undefined {
  try {
    const limit = parseDescriptorLimit(readFileSync('/proc/self/limits', 'latin1'));
    return limit === undefined ? undefined : { limit, open: readdirSync('/proc/self/fd').length };
  } catch {
    return undefined;
  }
}

/** The soft limit in the text of `/proc/PID/limits`; undefined if there is none. */
export function parseDescriptorLimit(limits: string): number | undefined {
  const [, soft] = /^Max open files\s+(\d+)\s/m.exec(limits) ?? [];
  return soft === undefined ? undefined : Number(soft);
}

/** How many sockets fit beside what is open, with room for all that is no socket; at least one. */
export function socketsThatFit({ limit, open }: DescriptorRoom): number {
  return Math.max(1, limit - open - KEPT_FREE);
}

const REMEDY = 'raise the limit (ulimit -n, LimitNOFILE=)';

/** How many of the configured flows, each with a socket, can be carried. */
export function flowsThatFit(configured: number, room: DescriptorRoom | undefined): number {
  return room === undefined ? configured : Math.min(configured, socketsThatFit(room));
}

/** A warning in the log if {@link flowsThatFit} are not all. */
export function warnOfFlows(log: Pick<Logger, 'warn'>, configured: number, room: DescriptorRoom | undefined): void {
  const used = flowsThatFit(configured, room);
  if (room === undefined || used === configured) return;
  log.warn(`maxFlows does not fit below the limit of open files and is cut: ${REMEDY}`, {
    limit: room.limit,
    configured,
    used,
  });
}

/**
 * A warning in the log if so many listening ports leave too little; none is left out, since a
 * forward has all its ports or fails.
 */
export function warnOfPorts(log: Pick<Logger, 'warn'>, configured: number, room: DescriptorRoom | undefined): void {
  if (room === undefined || configured <= socketsThatFit(room)) return;
  log.warn(`the ports of all forwards do not fit below the limit of open files: ${REMEDY}`, {
    limit: room.limit,
    configured,
    fitting: socketsThatFit(room),
  });
}
