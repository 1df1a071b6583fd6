import type { Logger } from '@relay/logging';
import type { ProgramStatus } from './program-status.js';
import type { DirectionFigures } from './traffic-lines.js';

const REASON = 'flow-limit';

/** Says in the log when a limit of flows has made the program refuse new ones. */
export class LimitWatch {
  readonly #log: Pick<Logger, 'warn'>;
  #refused = 0;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** Call this from time to time. It logs what has been refused since the last call. */
  look(status: ProgramStatus): void {
    const refused = Object.values(status).reduce<number>((sum, value) => sum + refusedIn(value), 0);
    if (refused > this.#refused)
      this.#log.warn('a limit of flows is reached: new flows are refused (maxFlows of the mapping, client or server)', {
        datagrams: refused - this.#refused,
      });
    this.#refused = refused;
  }
}

/** The refusals in a part of a status, if that part is a mode. */
function refusedIn(part: unknown): number {
  if (typeof part !== 'object' || part === null || !('toTarget' in part)) return 0;
  const { drops } = part.toTarget as DirectionFigures;
  return drops[REASON] ?? 0;
}
