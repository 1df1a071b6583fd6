import { readdirSync, readFileSync } from 'node:fs';
import type { Logger } from '@relay/logging';

/** How many file descriptors a process may have, and how many are open. */
export interface DescriptorRoom {
  /** The limit RLIMIT_NOFILE. Node.js raises the soft limit to the hard one when it starts. */
  readonly limit: number;
  readonly open: number;
}

/**
 * The descriptors that flows must leave free: for the admin socket, files, logs, name lookups, and
 * the libraries.
 */
const KEPT_FREE = 64;

/** Reads proc(5). Returns undefined if there is no proc(5), or if there is no limit. */
export function descriptorRoom(): DescriptorRoom | undefined {
  try {
    const limit = parseDescriptorLimit(readFileSync('/proc/self/limits', 'latin1'));
    return limit === undefined ? undefined : { limit, open: readdirSync('/proc/self/fd').length };
  } catch {
    return undefined;
  }
}

/** Returns the soft limit in the text of `/proc/PID/limits`, or undefined if the text has none. */
export function parseDescriptorLimit(limits: string): number | undefined {
  const [, soft] = /^Max open files\s+(\d+)\s/m.exec(limits) ?? [];
  return soft === undefined ? undefined : Number(soft);
}

/**
 * Returns how many more sockets fit, at least one. It keeps room for everything that is not a
 * socket.
 */
export function socketsThatFit({ limit, open }: DescriptorRoom): number {
  return Math.max(1, limit - open - KEPT_FREE);
}

const REMEDY = 'raise the limit (ulimit -n, LimitNOFILE=)';

/**
 * Returns how many sockets flows may take: as many as fit below the limit of open files and into
 * the `ports` of this host. Undefined in either place: it is not known.
 */
export function flowSockets(room: DescriptorRoom | undefined, ports: number | undefined): number | undefined {
  const bounds = [...(room === undefined ? [] : [socketsThatFit(room)]), ...(ports === undefined ? [] : [ports])];
  return bounds.length === 0 ? undefined : Math.min(...bounds);
}

/** Says in the log if {@link flowSockets} returns fewer sockets than there may be flows. */
export function warnOfFlows(
  log: Pick<Logger, 'warn' | 'info'>,
  configured: number,
  room: DescriptorRoom | undefined,
  ports: number | undefined,
): void {
  if (room !== undefined && socketsThatFit(room) < configured)
    log.warn(`maxFlows does not fit below the limit of open files, which bounds the sockets of flows: ${REMEDY}`, {
      limit: room.limit,
      configured,
      sockets: socketsThatFit(room),
    });
  if (ports !== undefined && ports < configured)
    log.info('maxFlows does not fit into the ports of this host (net.ipv4.ip_local_port_range)', {
      configured,
      sockets: ports,
    });
}

/**
 * Logs a warning if this many listening ports leave too few descriptors. No port is left out,
 * because a forward opens all its ports or fails.
 */
export function warnOfPorts(log: Pick<Logger, 'warn'>, configured: number, room: DescriptorRoom | undefined): void {
  if (room === undefined || configured <= socketsThatFit(room)) return;
  log.warn(`the ports of all forwards do not fit below the limit of open files: ${REMEDY}`, {
    limit: room.limit,
    configured,
    fitting: socketsThatFit(room),
  });
}
