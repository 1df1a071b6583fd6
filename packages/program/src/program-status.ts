import type { Health } from './health.js';
import type { PacketFigures } from './packet-figures.js';
import type { DirectionFigures } from './traffic-lines.js';

/** What every program says of itself; each adds its own. */
export interface ProgramStatus {
  /** Its name: `relay-server`. */
  readonly program: string;
  readonly pid: number;
  readonly upMs: number;
  /** The engine of the socket that carries packets. */
  readonly engine: string;
  readonly flows: number;
  /** Datagrams of forward mode. */
  readonly forward: { readonly toTarget: DirectionFigures; readonly fromTarget: DirectionFigures };
  readonly packets: PacketFigures;
  readonly health: Health;
}

/** The pid of this process, and how long it has run. */
export const processFigures = (): Pick<ProgramStatus, 'pid' | 'upMs'> => ({
  pid: process.pid,
  upMs: Math.round(process.uptime() * 1000),
});

/** The status as a record of the metrics log, which has figures of the process of its own. */
export function metricsOf({ health, ...status }: ProgramStatus): object {
  return { ...status, eventLoopUtilization: health.eventLoopUtilization };
}
