import { dropLines, healthLine, monotonicMs, packetDirections, Rates, trafficLines } from '@relay/program';
import { formatDuration } from '@relay/terminal';
import type { ServerStatus } from '../status.js';

/** The status as lines; rates are those since the last call. */
export class StatusView {
  readonly #rates = new Rates();

  lines(status: ServerStatus): string[] {
    const { forward, publish, packets } = status;
    const flows = {
      'to targets': forward.toTarget,
      'from targets': forward.fromTarget,
      ...(isPublishing(status) && { 'from visitors': publish.toTarget, 'to visitors': publish.fromTarget }),
    };
    const directions = { ...flows, ...packetDirections(packets) };
    const drops = Object.entries(flows).map(([name, direction]) => [name, direction.drops] as const);
    return [
      `relay-server on ${status.listen}   engine ${status.engine}   up ${formatDuration(status.upMs)}   pid ${status.pid}`,
      `${count(status.sessions, 'session')}   ${count(status.flows, 'flow')} of at most ${status.maxFlows}   load ${status.load}`,
      ...(isPublishing(status)
        ? [`${count(status.publishedPorts, 'published port')}   ${count(status.visitors, 'visitor')}`]
        : []),
      '',
      ...trafficLines(directions, this.#rates, monotonicMs()),
      '',
      ...dropLines({ ...Object.fromEntries(drops), packets: packets.drops }),
      healthLine(status.health),
    ];
  }
}

/** Most servers publish nothing, and are shown without it. */
const isPublishing = ({ publish, publishedPorts }: ServerStatus): boolean =>
  publishedPorts + publish.toTarget.inDatagrams + publish.fromTarget.inDatagrams > 0;

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
