/**
 * The room for sockets of flows that gave way to others, until they are closed: without a bound a
 * burst of new flows would take all descriptors.
 */
const MAX_CLOSING_SOCKETS = 64;

/** The state of a server that says whether a new flow may take a socket. */
export interface SocketRoom {
  /** Whether file descriptors are scarce: no new flow may take one. */
  readonly isShort: boolean;
  /** Sockets of flows that have ended, which are open yet. */
  readonly closingSockets: number;
}

/** Whether a new flow may take a socket. */
export const hasSocketRoom = ({ isShort, closingSockets }: SocketRoom): boolean =>
  !isShort && closingSockets < MAX_CLOSING_SOCKETS;
