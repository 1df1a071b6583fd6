import type { SettingSource } from '@relay/config';
import { isUnspecifiedAddress, type Endpoint } from '@relay/packet';
import { formatHostPorts, EXIT, ProgramFailure } from '@relay/program';
import type { RouteMapping } from './route-format.js';
import { nameOf } from './route-text.js';

/** What the routes of a server may contradict, besides each other. */
export interface RoutingSettings {
  readonly route: readonly RouteMapping[];
  readonly listen: Endpoint;
}

/**
 * Throws a ProgramFailure if the routes of a configuration contradict each other, or lead to the
 * server itself.
 */
export function checkRouting(
  { route, listen: { address, port } }: RoutingSettings,
  sources?: ReadonlyMap<string, SettingSource>,
): void {
  const source = sources?.get('route')?.source;
  checkRoutes(route, source);
  checkTargets(route, [{ address, first: port, last: port }], 'the server', source);
}

/**
 * Throws a ProgramFailure if two routes have the same name or want the same port, or if a route
 * leads to a port on which one of them listens: a datagram could go round for ever.
 */
export function checkRoutes(routes: readonly RouteMapping[], source?: string): void {
  const names = new Set<string>();
  for (const route of routes) {
    const name = nameOf(route);
    if (names.has(name))
      throw new ProgramFailure(
        EXIT.usage,
        `two routes have the name ${JSON.stringify(name)}: give each a name of its own`,
      );
    names.add(name);
  }
  const listeners = routes.flatMap(({ listen }) => listen);
  for (const [i, listener] of listeners.entries()) {
    const other = listeners.slice(0, i).find((before) => overlap(before, listener));
    if (other !== undefined)
      throw new ProgramFailure(
        EXIT.usage,
        `two routes want the same port: ${textOf(other)} and ${textOf(listener)}; give each ports of its own`,
      );
  }
  checkTargets(routes, listeners, 'a route', source);
}

/** Throws a ProgramFailure if a route leads to one of these ports, on which `who` listens. */
export function checkTargets(
  routes: readonly RouteMapping[],
  listeners: readonly Ports[],
  who: 'a route' | 'the server',
  source?: string,
): void {
  for (const [i, target] of routes.flatMap((route, i) => route.target.map((one) => [i, one] as const))) {
    const own = listeners.find((listener) => overlap(listener, { ...target, address: target.host }, isLoopback));
    if (own !== undefined)
      throw new ProgramFailure(
        EXIT.usage,
        `route[${i}].target: the upstream ${formatHostPorts(target.host, target)} is where ${who} listens (${textOf(own)}): its datagrams would go round; name the service itself${source === undefined ? '' : ` (${source})`}`,
      );
  }
}

/** Ports of an address. */
export interface Ports {
  readonly address: string;
  readonly first: number;
  readonly last: number;
}

/** Whether they have a port in common. Port 0 is never the same. */
export function overlap(one: Ports, other: Ports, isOn: (address: string) => boolean = () => true): boolean {
  if (one.first === 0 || other.first === 0 || one.first > other.last || other.first > one.last) return false;
  if (one.address === other.address) return true;
  const [isAll, isOtherAll] = [isUnspecifiedAddress(one.address), isUnspecifiedAddress(other.address)];
  return (isAll && isOtherAll) || (isAll && isOn(other.address)) || (isOtherAll && isOn(one.address));
}

/** An address that every host has, or the name for it. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

const textOf = ({ address, ...range }: Ports): string => formatHostPorts(address, range);
