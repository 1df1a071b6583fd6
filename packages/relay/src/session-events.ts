/** What events of sessions mean for the clients of a shard. */
import type { DisconnectReason, SessionEvent } from '@relay/session';
import type { ShardEvent } from './shard-data.js';

/**
 * A client whose session ended for one of these reasons does not come back to its flows. Any other
 * has some seconds to do so.
 */
export const ENDS_FLOWS: ReadonlySet<DisconnectReason> = new Set([
  'revoked',
  'expired',
  'kicked',
  'shutdown',
  'limit',
  'idle',
]);

/** After these events a session may be on a path that is proven and was not before. */
const PROVES_PATH: ReadonlySet<SessionEvent['kind']> = new Set(['connected', 'roamed', 'path-validated']);

/** The address that an event has proven to be the client's: one, or none. */
export function provenAddress({ kind, session }: SessionEvent): ShardEvent[] {
  if (session?.isPathProven !== true || !PROVES_PATH.has(kind)) return [];
  return [{ kind: 'proven-address', publicKey: session.peerPublicKey, path: session.packedPath.slice() }];
}
