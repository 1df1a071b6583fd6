import {
  dropLines,
  healthLine,
  monotonicMs,
  packetDirections,
  Rates,
  trafficLines,
  unknownDrops,
} from '@relay/program';
import { formatDuration, table } from '@relay/terminal';
import type { ClientStatus } from '../status.js';
import { mappingCells } from './tables.js';

/** Formats the status as lines. The rates cover the time since the last call. */
export class StatusView {
  readonly #rates = new Rates();

  lines(status: ClientStatus): string[] {
    const { forward, publish, publishes, packets } = status;
    // A client that publishes nothing says nothing about it.
    const services = publishes.length > 0 && { 'to services': publish.toTarget, 'from services': publish.fromTarget };
    const directions = { 'to targets': forward.toTarget, 'from targets': forward.fromTarget, ...services };
    const drops = Object.entries(directions).map(([name, { drops }]) => [name, drops] as const);
    return [
      `relay-client to ${status.server}   ${status.state}   engine ${status.engine}   up ${formatDuration(status.upMs)}   pid ${status.pid}`,
      sessionLine(status),
      '',
      ...trafficLines({ ...directions, ...packetDirections(packets) }, this.#rates, monotonicMs()),
      '',
      ...dropLines({ ...Object.fromEntries(drops), packets: packets.drops }),
      ...unknownDrops(packets),
      healthLine(status.health),
      '',
      ...table(
        [
          ['mapping', 'flows'],
          ...status.forwards.map((forward) => mappingCells({ mode: 'forward', ...forward })),
          ...publishes.map((publish) => mappingCells({ mode: 'publish', ...publish })),
        ],
        { align: ['left', 'right'] },
      ),
    ];
  }
}

function sessionLine({ session }: ClientStatus): string {
  if (session === undefined) return 'not connected';
  const { roundTripMs, jitterInMs, lossIn, lossOut } = session;
  return `round trip ${known(roundTripMs, formatDuration)}   jitter ${known(jitterInMs, formatDuration)}   loss in ${known(lossIn, percent)}, out ${known(lossOut, percent)}`;
}

/** Figures that were not measured yet are NaN. After JSON they are null. */
const known = (value: number | null, format: (value: number) => string): string =>
  value !== null && Number.isFinite(value) ? format(value) : '–';
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
