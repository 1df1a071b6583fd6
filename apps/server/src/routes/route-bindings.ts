/** Where the sockets of routes are bound, and how they are opened. */
import type { EndpointRange } from '@relay/config';
import { formatEndpoint, type Endpoint } from '@relay/packet';
import { openPorts, ProgramFailure, type Machine, type Pace } from '@relay/program';
import type { UdpSocket } from '@relay/socket';
import { portCountOf, type RouteMapping } from './route-format.js';

/** One socket of a route. */
export interface RouteBinding {
  /** As configured: its port may be 0. */
  readonly endpoint: Endpoint;
  /** Which port of each upstream it leads to, from 0. */
  readonly number: number;
  /** Which of the route's listeners it belongs to, from 0, and the listener itself. */
  readonly listener: number;
  readonly range: EndpointRange;
}

/** Where the sockets for an address are bound. */
export interface ListenAddresses {
  /**
   * `needed`: each must be open; `linkLocal`: these may fail, as some do while their link comes up.
   */
  of(address: string): { readonly needed: readonly string[]; readonly linkLocal: readonly string[] };
  /** Whether the addresses have changed since the last look. May throw. */
  look(): boolean;
  /** Whether a failure to open was for want of IPv6, so that {@link of} says others from now on. */
  fallsBack(failure: unknown): boolean;
}

export type OpenedSockets = ReadonlyMap<RouteBinding, UdpSocket>;

/** What tells one socket of a route from another: of any free port, its listener. */
export function keyOf({ endpoint, listener }: RouteBinding): string {
  return endpoint.port === 0 ? `${formatEndpoint(endpoint)} ${listener}` : formatEndpoint(endpoint);
}

/** All bindings of a route, by their keys. */
export function bindingsOf(mapping: RouteMapping, addresses: ListenAddresses): ReadonlyMap<string, RouteBinding> {
  const count = portCountOf(mapping);
  const bindings = mapping.listen.flatMap((range, listener) => {
    const { address, first } = range;
    const { needed, linkLocal } = addresses.of(address);
    return [...needed, ...linkLocal].flatMap((bound) =>
      Array.from({ length: count }, (_, number): RouteBinding => {
        const port = first === 0 ? 0 : first + number;
        return { endpoint: { address: bound, port }, number, listener, range };
      }),
    );
  });
  return new Map(bindings.map((binding) => [keyOf(binding), binding]));
}

/**
 * Opens all of these, or none; only addresses of a link may be missing. Of a listener on any free
 * port the first address chooses it for the others. Rejects with a ProgramFailure.
 */
export async function openBindings(
  bindings: readonly RouteBinding[],
  openSocket: Machine['openSocket'],
  pace: Pick<Pace, 'turn'>,
): Promise<OpenedSockets> {
  const opened = new Map<RouteBinding, UdpSocket>();
  const open = async (some: readonly RouteBinding[]): Promise<void> => {
    const endpoints = some.map(({ endpoint, range }) =>
      endpoint.port === 0 ? { ...endpoint, port: chosenPort(opened, range) } : endpoint,
    );
    const sockets = await openPorts(endpoints, openSocket, pace);
    for (const [i, binding] of some.entries()) {
      const socket = sockets[i];
      if (socket !== undefined) opened.set(binding, socket);
    }
  };
  const isSpare = ({ endpoint }: RouteBinding): boolean => endpoint.address.includes('%');
  const needed = bindings.filter((binding) => !isSpare(binding));
  const isFirst = (binding: RouteBinding): boolean =>
    binding.endpoint.port !== 0 || needed.find(({ range }) => range === binding.range) === binding;
  try {
    await open(needed.filter(isFirst));
    await open(needed.filter((binding) => !isFirst(binding)));
  } catch (error) {
    await Promise.all([...opened.values()].map((socket) => socket.close()));
    throw error;
  }
  for (const binding of bindings.filter(isSpare)) {
    await open([binding]).catch((error: unknown) => {
      if (!(error instanceof ProgramFailure)) throw error;
    });
  }
  return opened;
}

/** The port that the listener has already, 0 for none. */
function chosenPort(opened: OpenedSockets, range: EndpointRange): number {
  for (const [binding, socket] of opened) if (binding.range === range) return socket.local.port;
  return 0;
}
