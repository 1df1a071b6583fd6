import type { Health } from './health.js';
import type { PacketFigures } from './packet-figures.js';
import type { DirectionFigures } from './traffic-lines.js';

/** The part of a status that every program has. Each program adds its own part. */
export interface ProgramStatus {
  /** The name of the program, such as `relay-server`. */
  readonly program: string;
  readonly pid: number;
  readonly upMs: number;
  /** The engine of the socket that carries packets. */
  readonly engine: string;
  readonly flows: number;
  /** The datagrams of forward mode. */
  readonly forward: { readonly toTarget: DirectionFigures; readonly fromTarget: DirectionFigures };
  readonly packets: PacketFigures;
  readonly health: Health;
}

/** Returns the pid of this process and the time since it started. */
export const processFigures = (): Pick<ProgramStatus, 'pid' | 'upMs'> => ({
  pid: process.pid,
  upMs: Math.round(process.uptime() * 1000),
});

/**
 * Returns the status as a record for the metrics log. It leaves out the health, because that log
 * has its own figures of the process.
 */
export function metricsOf({ health, ...status }: ProgramStatus): object {
  return { ...status, eventLoopUtilization: health.eventLoopUtilization };
}
