import type { Session } from './session.js';

/**
 * What a channel tells its program. Byte arrays in events are valid during the call; what is kept must be copied.
 *
 * - `connected`: the session can carry frames. On the server: the client has proved that it holds its key and is there now.
 * - `disconnected`: the session is over; its object is dead (`seal` answers `no-session`). The client begins anew by itself
 *   unless the reason is `closed` or `revoked`.
 * - `path-lost`, `path-restored`: nothing authenticated came for 3 s though something was due; came again. Between them
 *   `seal` answers `unreachable`.
 * - `roamed`: a newer authenticated packet came from `session.endpoint`; `path-validated`: that address answered a challenge.
 * - `rekeyed`: new keys, same session.
 * - `parameters`: the peer's parameters are known: `session.peerParameters`.
 * - `request`: the peer asks; answer with `session.answer(id, …)`. Each id comes once, however often it was sent.
 * - `answer`: to a request of ours. `request-failed`: the session ended before an answer came.
 * - `go-away`: the server will stop; the client should look for another or come back later.
 * - `refused`: a handshake failed at something only the right peer or its owner can mend (server: see `reason`).
 */
export type SessionEvent =
  | {
      readonly kind:
        'connected' | 'rekeyed' | 'roamed' | 'path-validated' | 'path-lost' | 'path-restored' | 'parameters';
      readonly session: Session;
    }
  | { readonly kind: 'disconnected'; readonly session: Session; readonly reason: DisconnectReason }
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
      readonly status: number;
      readonly body: Uint8Array;
    }
  | { readonly kind: 'request-failed'; readonly session: Session; readonly id: number }
  | { readonly kind: 'go-away'; readonly session: Session; readonly reason: number };

/** Receives a channel's events, synchronously, from within `receive`, `wake` and the other calls. It may call the channel. */
export type EventSink = (event: SessionEvent, nowMs: number) => void;

/**
 * Why a session ended.
 *
 * - `closed`: this side closed it. `closed-by-peer`: the other side did.
 * - `revoked`: the client is no longer in the directory. `replaced`: the same key began a new session.
 * - `expired`: no keys for too long. `restarted`: the server lost the session (a reset) and a new one is up.
 * - `protocol-error`: the peer sent, authenticated, what it must not.
 * - `draining`: the server is going away.
 */
export type DisconnectReason =
  | 'closed'
  | 'closed-by-peer'
  | 'revoked'
  | 'replaced'
  | 'expired'
  | 'restarted'
  | 'protocol-error'
  | 'draining'
  | 'idle';
