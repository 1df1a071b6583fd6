import type { Session } from './session.js';

/**
 * What a channel tells its program: `nextEvent` drains what has happened, oldest first, and nothing
 * is forgotten until it is drained. Byte arrays in events are copies, which the program may keep.
 *
 * - `connected`: the session can carry frames. On the server: the client has proved that it holds
 *   its key and is there now.
 * - `disconnected`: the session is over; its `seal` answers `no-session` from now on. A client
 *   channel begins anew by itself, unless it was closed by `close`.
 * - `path-lost`: nothing authentic came for 3 s though an answer was due; until `path-restored`,
 *   `seal` answers `unreachable`.
 * - `roamed`: packets go to another address now, `session.endpoint`. `path-validated`: it has
 *   answered a challenge.
 * - `rekeyed`: new keys, same session.
 * - `parameters`: what the peer told of itself is known: `session.peerParameters`. Once per
 *   session.
 * - `pong`: a round trip was measured.
 * - `request`: the peer asks for something; answer with `session.answer(id, …)`. Each id comes
 *   once, however often it was sent.
 * - `answer`: to a request of ours. `request-failed`: the session ended before the answer came.
 * - `go-away`: the server closes this session in `graceMs`.
 * - `fault`: this package or the program (which told by `fault`) threw `error` while it worked on a
 *   packet, a deadline or an event, of `session` if that is known. The session has ended with the
 *   reason `internal-error`; nothing else has. To be logged: it is a bug.
 */
export type SessionEvent =
  | {
      readonly kind:
        'connected' | 'rekeyed' | 'roamed' | 'path-validated' | 'path-lost' | 'path-restored' | 'parameters';
      readonly session: Session;
    }
  | { readonly kind: 'disconnected'; readonly session: Session; readonly reason: DisconnectReason }
  | { readonly kind: 'pong'; readonly session: Session; readonly roundTripMs: number }
  | {
      readonly kind: 'request';
      readonly session: Session;
      readonly id: number;
      readonly request: number;
      readonly body: Uint8Array;
    }
  | {
      readonly kind: 'answer';
      readonly session: Session;
      readonly id: number;
      readonly request: number;
      readonly status: number;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'request-failed'; readonly session: Session; readonly id: number }
  | { readonly kind: 'go-away'; readonly session: Session; readonly graceMs: number }
  | { readonly kind: 'fault'; readonly session: Session | undefined; readonly error: unknown };

/**
 * Why a session ended: the words of `CLOSE` in `@relay/packet`, and besides
 *
 * - `closed`: this side closed it; `closed-by-peer`: the other side did, and gave no other reason;
 * - `keys-expired`: no new keys for too long (`expired`: the client's rights);
 * - `restarted`: the server had lost the session, and a new one has taken its place;
 * - `internal-error`: this side threw while it worked on the session: see the event `fault`.
 */
export type DisconnectReason =
  | 'closed'
  | 'closed-by-peer'
  | 'keys-expired'
  | 'restarted'
  | 'shutdown'
  | 'protocol-error'
  | 'version'
  | 'revoked'
  | 'expired'
  | 'kicked'
  | 'idle'
  | 'limit'
  | 'replaced'
  | 'internal-error';
