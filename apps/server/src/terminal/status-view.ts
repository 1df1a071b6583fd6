import {
  dropLines,
  healthLine,
  monotonicMs,
  packetDirections,
  Rates,
  trafficLines,
  unknownDrops,
} from '@relay/program';
import { formatDuration } from '@relay/terminal';
import type { ServerStatus } from '../status.js';

/** The status as lines; rates are those since the last call. */
export class StatusView {
  readonly #rates = new Rates();

  lines(status: ServerStatus): string[] {
    const { forward, publish, route, packets } = status;
    const flows = {
      'to targets': forward.toTarget,
      'from targets': forward.fromTarget,
      ...(isPublishing(status) && { 'from visitors': publish.toTarget, 'to visitors': publish.fromTarget }),
      ...(isRouting(status) && { 'to upstreams': route.toTarget, 'from upstreams': route.fromTarget }),
    };
    const directions = { ...flows, ...packetDirections(packets) };
    const drops = Object.entries(flows).map(([name, direction]) => [name, direction.drops] as const);
    return [
      `relay-server on ${status.listen}   engine ${status.engine}   up ${formatDuration(status.upMs)}   pid ${status.pid}`,
      `${count(status.sessions, 'session')}   ${count(status.flows, 'flow')} of at most ${status.maxFlows}   load ${status.load}`,
      ...(isPublishing(status)
        ? [`${count(status.publishedPorts, 'published port')}   ${count(status.visitors, 'visitor')}`]
        : []),
      ...(isRouting(status) ? [routesLine(status)] : []),
      '',
      ...trafficLines(directions, this.#rates, monotonicMs()),
      '',
      ...dropLines({ ...Object.fromEntries(drops), packets: packets.drops }),
      ...unknownDrops(packets),
      healthLine(status.health),
    ];
  }
}

/** Most servers publish nothing, and are shown without it. */
const isPublishing = ({ publish, publishedPorts }: ServerStatus): boolean =>
  publishedPorts + publish.toTarget.inDatagrams + publish.fromTarget.inDatagrams > 0;

const isRouting = ({ route, routes }: ServerStatus): boolean => routes.length + route.toTarget.inDatagrams > 0;

function routesLine({ routes }: ServerStatus): string {
  const upstreams = routes.flatMap((route) => route.upstreams);
  const flows = routes.reduce((sum, route) => sum + route.flows, 0);
  const up = upstreams.filter(({ state }) => state === 'up').length;
  return `${count(routes.length, 'route')}   ${up} of ${count(upstreams.length, 'upstream')} up   ${count(flows, 'flow')} of sources`;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
