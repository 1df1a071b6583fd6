import type { Logger } from '@relay/logging';
import type { ProgramStatus } from './program-status.js';

type Drops = Readonly<Partial<Record<string, number>>>;

/** The drops that people can do something about, with what to do. */
const MESSAGES = {
  'flow-limit': 'a limit of flows is reached: new flows are refused (maxFlows of the mapping, client or server)',
  'kernel-buffer-full':
    'the kernel dropped datagrams: they came faster than this program reads them (receiveBuffer, flowBuffer)',
} as const;

/** Says in the log when datagrams were dropped for a reason that people can do something about. */
export class DropWatch {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #known = new Map<string, number>();

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** Call this from time to time. It logs what has been dropped since the last call. */
  look(status: ProgramStatus): void {
    for (const [reason, message] of Object.entries(MESSAGES)) {
      const dropped = Object.values(status).reduce<number>((sum, part) => sum + droppedIn(part, reason), 0);
      const datagrams = dropped - (this.#known.get(reason) ?? 0);
      if (datagrams > 0) this.#log.warn(message, { datagrams });
      this.#known.set(reason, dropped);
    }
  }
}

/** The drops in a part of a status, if that part is a mode or the packets. */
function droppedIn(part: unknown, reason: string): number {
  if (typeof part !== 'object' || part === null) return 0;
  const own = 'drops' in part ? ((part.drops as Drops)[reason] ?? 0) : 0;
  const directions = ['toTarget' in part && part.toTarget, 'fromTarget' in part && part.fromTarget];
  return directions.reduce<number>((sum, direction) => sum + droppedIn(direction, reason), own);
}
