import { isUnspecifiedAddress } from '@relay/packet';
import { formatHostPorts, EXIT, ProgramFailure } from '@relay/program';
import type { RouteMapping } from './route-format.js';
import { nameOf } from './route-text.js';

/**
 * Throws a ProgramFailure if two routes have the same name or want the same port, or if a route
 * leads to a port on which one of them listens: a datagram could go round for ever.
 */
export function checkRoutes(routes: readonly RouteMapping[]): void {
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
  checkTargets(routes, listeners);
}

/** Throws a ProgramFailure if a route leads to one of these ports, on which routes listen. */
export function checkTargets(routes: readonly RouteMapping[], listeners: readonly Ports[]): void {
  for (const target of routes.flatMap((route) => route.target)) {
    const own = listeners.find((listener) => overlap(listener, { ...target, address: target.host }, isLoopback));
    if (own !== undefined)
      throw new ProgramFailure(
        EXIT.usage,
        `the upstream ${formatHostPorts(target.host, target)} is where a route listens (${textOf(own)}): its datagrams would go round; name the service itself`,
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
  return (isAll && isOn(other.address)) || (isOtherAll && isOn(one.address));
}

/** An address that every host has, or the name for it. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

const textOf = ({ address, ...range }: Ports): string => formatHostPorts(address, range);
