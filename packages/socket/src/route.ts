import { loadAddon } from './native/addon.js';

/**
 * Where the kernel takes datagrams to an address: `local` is this host itself, at whichever of its
 * addresses or in a block that is routed to it. `unknown`: the addon is missing, or the kernel says
 * nothing.
 */
export type Route = 'elsewhere' | 'local' | 'broadcast' | 'multicast' | 'unknown';

const ROUTES: readonly Route[] = ['elsewhere', 'local', 'broadcast', 'multicast']; // ROUTE_… of native/udp.h

/**
 * The kernel's route to the address of a packed endpoint, over which nothing is sent. Costs some
 * system calls. Where no route leads to it, that is `elsewhere`.
 */
export function routeTo(endpoint: Uint8Array): Route {
  const addon = loadAddon();
  if (addon instanceof Error) return 'unknown';
  const route = addon.route(endpoint);
  if (route >= 0) return ROUTES[route] ?? 'unknown';
  return NO_DESCRIPTOR.has(-route) ? 'unknown' : 'elsewhere';
}

/** ENFILE, EMFILE, ENOBUFS and ENOMEM of Linux: the kernel was not asked. */
const NO_DESCRIPTOR: ReadonlySet<number> = new Set([23, 24, 105, 12]);
