/**
 * Route: ports of a server lead to one of several upstreams, without any client. These are its
 * rules: they decide on a new flow, and open nothing.
 */
import { DROP } from '@relay/packet';
import type { Balance, Candidate } from '../balance/candidate.js';
import type { End, Opening } from '../flow/flow.js';
import { hasSocketRoom, type SocketRoom } from '../policy/socket-room.js';

/**
 * One address of an upstream. A route has one port or several; `number`, from 0, says which of them
 * a flow asks for, and each leads to a port of its own.
 */
export interface RouteUpstream extends Candidate {
  /** It gets no new flows: its owner has said so. */
  readonly isDrained: boolean;
  /** Whether its port is up, or a flow may try whether it is up again. */
  takesFlow(number: number, nowMs: number): boolean;
  /** The end at its port, for a flow that begins now. */
  newEnd(number: number, nowMs: number): End;
}

/** A route, as its rules see it. */
export interface RouteMapping {
  readonly upstreams: readonly RouteUpstream[];
  readonly balance: Balance;
  /** The drop code where no upstream may get a flow: why there is none. */
  readonly withoutUpstream: number;
}

/** The state of a server that these rules ask for. */
export interface RouteServer extends SocketRoom {
  readonly isDraining: boolean;
}

/** The end for a flow that a source asks for at the port of this number, or a drop code. */
export function admitFromSource(
  { source }: Opening,
  route: RouteMapping,
  number: number,
  server: RouteServer,
  nowMs: number,
): End | number {
  if (server.isDraining) return DROP.draining;
  if (!hasSocketRoom(server)) return DROP.overloaded;
  const chosen = route.balance(candidates(route.upstreams, number, nowMs), source);
  return chosen?.newEnd(number, nowMs) ?? route.withoutUpstream;
}

/**
 * The upstreams that may get a new flow. Where all are down, each of them may (fail open): what is
 * wrong may be how their state was found out.
 */
function candidates(upstreams: readonly RouteUpstream[], number: number, nowMs: number): readonly RouteUpstream[] {
  const inUse = upstreams.filter(({ isDrained }) => !isDrained);
  const up = inUse.filter((upstream) => upstream.takesFlow(number, nowMs));
  return up.length > 0 ? up : inUse;
}
