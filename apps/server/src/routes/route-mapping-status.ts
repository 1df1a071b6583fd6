import type { UpstreamStatus } from '@relay/relay';
import type { RunningRoute } from './running-route.js';

/** A mapping of the server: a route. */
export interface RouteMappingStatus {
  readonly mode: 'route';
  readonly name: string;
  /** Such as `127.0.0.1:5300` or `[::]:27000-27010`, with the real ports. */
  readonly listen: readonly string[];
  readonly openPorts: number;
  readonly balance: string;
  readonly flows: number;
  readonly maxFlows: number;
  /** After how many ms of silence a flow ends; 0: never. */
  readonly idleMs: number;
  /** Each address of each upstream. */
  readonly upstreams: readonly UpstreamStatus[];
}

export function routeMappingStatus(route: RunningRoute): RouteMappingStatus {
  const { idle, maxFlows } = route.mapping;
  const { route: name, balance, flows, upstreams } = route.status();
  return {
    mode: 'route',
    name,
    listen: route.listening,
    openPorts: route.openPorts,
    ...{ balance, flows, maxFlows },
    idleMs: idle === Infinity ? 0 : idle,
    upstreams,
  };
}
