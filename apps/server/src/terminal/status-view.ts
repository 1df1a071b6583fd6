import { dropLines, healthLine, monotonicMs, packetDirections, Rates, trafficLines } from '@relay/program';
import { formatDuration } from '@relay/terminal';
import type { ServerStatus } from '../status.js';

/** The status as lines; rates are those since the last call. */
export class StatusView {
  readonly #rates = new Rates();

  lines(status: ServerStatus): string[] {
    const { forward, packets } = status;
    const directions = {
      'to targets': forward.toTarget,
      'from targets': forward.fromTarget,
      ...packetDirections(packets),
    };
    return [
      `relay-server on ${status.listen}   engine ${status.engine}   up ${formatDuration(status.upMs)}   pid ${status.pid}`,
      `${count(status.sessions, 'session')}   ${count(status.flows, 'flow')} of at most ${status.maxFlows}   load ${status.load}`,
      '',
      ...trafficLines(directions, this.#rates, monotonicMs()),
      '',
      ...dropLines({
        'to targets': forward.toTarget.drops,
        'from targets': forward.fromTarget.drops,
        packets: packets.drops,
      }),
      healthLine(status.health),
    ];
  }
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
