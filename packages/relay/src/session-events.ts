/** What events of sessions mean for the clients of a shard. */
import type { DisconnectReason, SessionEvent } from '@relay/session';

/**
 * A client whose session ended for one of these reasons does not come back to its flows. Any other
 * has some seconds to do so.
 */
export const ENDS_FLOWS: ReadonlySet<DisconnectReason> = new Set(['revoked', 'kicked', 'shutdown', 'limit', 'idle']);

/** After these events a session may be on a path that is proven and was not before. */
export const PROVES_PATH: ReadonlySet<SessionEvent['kind']> = new Set(['connected', 'roamed', 'path-validated']);
