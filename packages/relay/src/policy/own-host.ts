import { PACKED_ENDPOINT_BYTES } from '@relay/packet';
import type { Route } from '@relay/socket';
import { ADDRESS_BYTES } from './address-range.js';

/** In ms: an address that this host gets or loses counts after this time at the latest. */
const KEPT_MS = 10_000;
/** Answers that are kept. */
const KEPT = 4096;

/**
 * Which addresses this host takes itself, by what the kernel says of the route: its own, those of
 * blocks that are routed to it, broadcast and multicast. Answers are kept for ten seconds.
 */
export class OwnHost {
  readonly #routeTo: (endpoint: Uint8Array) => Route;
  readonly #clock: () => number;
  /** By address; in the order in which they were asked for. */
  readonly #kept = new Map<string, { readonly route: Route; readonly untilMs: number }>();

  constructor(routeTo: (endpoint: Uint8Array) => Route, clock: () => number) {
    this.#routeTo = routeTo;
    this.#clock = clock;
  }

  /** Whether a packed endpoint is at this host; undefined: the kernel does not say. */
  isHere(endpoint: Uint8Array): boolean | undefined {
    const route = this.#routeOf(endpoint);
    return route === 'unknown' ? undefined : route !== 'elsewhere';
  }

  #routeOf(endpoint: Uint8Array): Route {
    const key = Buffer.from(endpoint.buffer, endpoint.byteOffset, PACKED_ENDPOINT_BYTES).toString('latin1');
    const address = key.slice(0, ADDRESS_BYTES) + key.slice(SCOPE_OFFSET);
    const nowMs = this.#clock();
    const kept = this.#kept.get(address);
    if (kept !== undefined && nowMs < kept.untilMs) return kept.route;
    const route = this.#routeTo(endpoint);
    this.#kept.delete(address);
    if (route !== 'unknown') this.#kept.set(address, { route, untilMs: nowMs + KEPT_MS });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT && oldest !== undefined) this.#kept.delete(oldest);
    return route;
  }
}

/** Where the number of the interface begins, after the port and two bytes of 0. */
const SCOPE_OFFSET = 20;

/**
 * Whether a socket that is connected to this packed endpoint sends from the same address: it is at
 * this host then.
 */
export function isSameAddress(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a.subarray(0, ADDRESS_BYTES), b.subarray(0, ADDRESS_BYTES)) === 0;
}
