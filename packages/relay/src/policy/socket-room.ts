/**
 * Sockets of flows that have ended may take the room of flows that a server does not have, and this
 * much in any case. Without a bound, a burst of new flows would take all descriptors.
 */
const LEAST_CLOSING_SOCKETS = 64;

/** The state of a server that says whether a new flow may take a socket. */
export interface SocketRoom {
  /** Whether file descriptors are scarce: no new flow may take one. */
  readonly isShort: boolean;
  /** Sockets of flows that have ended, which are open yet. */
  readonly closingSockets: number;
  /** How many flows to targets there may be besides those that there are. */
  readonly freeFlows: number;
}

/** Whether a new flow may take a socket. */
export const hasSocketRoom = ({ isShort, closingSockets, freeFlows }: SocketRoom): boolean =>
  !isShort && closingSockets < Math.max(LEAST_CLOSING_SOCKETS, freeFlows);
