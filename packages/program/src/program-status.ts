import type { Health } from './health.js';
import type { PendingSetting } from './live-configuration.js';
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

/** The status of a program in its frame. */
export type RunningStatus<Status extends ProgramStatus = ProgramStatus> = Status & {
  /** Settings that are configured and wait for a restart. */
  readonly restartPending: readonly PendingSetting[];
};

/**
 * Adds the settings that wait for a restart to the lines of a status, below the first line. A
 * program of a former release does not say which.
 */
export function withPending(lines: readonly string[], pending: readonly PendingSetting[] = []): string[] {
  if (pending.length === 0) return [...lines];
  return [...lines.slice(0, 1), `restart pending: ${pending.map(({ key }) => key).join(', ')}`, ...lines.slice(1)];
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
