/** What goes into a route and what it says of itself: plain data. */
import type { SocketErrorCode } from '@relay/socket';
import type { BalanceName } from '../balance/balance.js';
import type { HashBy } from '../balance/by-hash.js';
import type { FlowMapping } from '../flow/flow-group.js';
import type { VisitorRules } from '../policy/visitors.js';
import type { ActiveHealth } from './active-check.js';

/** The settings of a route. */
export interface RouteSettings extends Readonly<FlowMapping> {
  readonly name: string;
  readonly balance: BalanceName;
  readonly hashBy: HashBy;
  /** `passive`: what flows tell. Otherwise checks ask as well, and decide. */
  readonly health: 'passive' | ActiveHealth;
  /** The rules for sources. */
  readonly rules?: VisitorRules;
}

/** An upstream as configured, with the addresses of its name. */
export interface UpstreamSettings {
  /** What users call it: its text. */
  readonly name: string;
  /** Empty while its name is not resolved. */
  readonly addresses: readonly string[];
  /** The name was looked up, and no address of it was found. */
  readonly isUnresolved?: boolean;
  /** The port to which the first port of the route leads; each next one leads to the next. */
  readonly firstPort: number;
  /** A whole number, 1 or more. */
  readonly weight: number;
}

/** Why an upstream is down: an error of its host or network, silence, or its checks. */
export type DownReason = SocketErrorCode | 'silent' | 'check-failed';

/**
 * An event of a route. A target is the packed endpoint of one port of an upstream.
 *
 * - `upstream-down`, `upstream-up`: new flows avoid the target from now on, or reach it again.
 * - `route-failed-open`: at this port of the route all upstreams that are not drained are down, so
 *   that all of them are used; said once until one of them is up.
 */
export type RouteNotice =
  | {
      readonly kind: 'upstream-down';
      readonly route: string;
      readonly upstream: string;
      readonly target: Uint8Array;
      readonly reason: DownReason;
    }
  | {
      readonly kind: 'upstream-up';
      readonly route: string;
      readonly upstream: string;
      readonly target: Uint8Array;
    }
  | {
      readonly kind: 'route-failed-open';
      readonly route: string;
      /** Packed endpoint on which the port listens; of several the first. */
      readonly listen: Uint8Array;
    };

/** One address of an upstream. */
export interface UpstreamStatus {
  readonly upstream: string;
  /** `ADDR:PORT`; a range leads to this port and those after it. */
  readonly target: string;
  readonly weight: number;
  /** `down`: every port of it is; `degraded`: some port is. A drained one may be up or not. */
  readonly state: 'up' | 'degraded' | 'down' | 'drained';
  /** Flows now. */
  readonly flows: number;
  /** Flows that have been answered so far. */
  readonly answered: number;
  /** Flows that have ended without an answer. */
  readonly unanswered: number;
}

/** A route. */
export interface RouteStatus {
  readonly route: string;
  readonly balance: BalanceName;
  readonly flows: number;
  readonly upstreams: readonly UpstreamStatus[];
}
