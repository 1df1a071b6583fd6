/** A shard's account of itself: plain data, which can be sent from thread to thread. */
import type { DisconnectReason, SessionEvent, SessionStatistics } from '@relay/session';
import type { SocketErrorCode } from '@relay/socket';
import type { NewestTimestamp } from './known-clients.js';
import type { FlowNotice } from './notices.js';
import type { RouteNotice } from './routes/route-data.js';
import type { ModeFigures } from './traffic.js';
import type { ProvenAddress } from './waking.js';

/** A session, as events speak of it. */
export interface SessionFacts {
  readonly session: number;
  /** Name of the client; undefined where the directory does not know it any more. */
  readonly client: string | undefined;
  /** Static public key of the client, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Packed endpoint to which packets go. */
  readonly endpoint: Uint8Array;
}

/** A request of a client to the server; see `REQUEST` of @relay/packet. */
export interface ClientRequest {
  readonly session: number;
  /** Static public key of the client, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** What the client takes: bits of `FEATURE` of @relay/packet. */
  readonly features: number;
  readonly id: number;
  readonly request: number;
  readonly body: Uint8Array;
}

type OtherKind = Exclude<SessionEvent['kind'], 'disconnected' | 'fault' | 'request'>;

/**
 * An event of a shard. Events of sessions have the meaning that `SessionEvent` of @relay/session
 * gives them; others are about flows, about routes, and about timestamps of handshakes and proven
 * addresses, which must outlive the process. The `error` of a fault is the thrown value, or an
 * error with its message and its stack where another thread could not receive the value itself.
 */
export type ShardEvent =
  | ({ readonly kind: OtherKind } & SessionFacts)
  | ({ readonly kind: 'disconnected'; readonly reason: DisconnectReason } & SessionFacts)
  | ({ readonly kind: 'request' } & ClientRequest)
  | { readonly kind: 'fault'; readonly client: string | undefined; readonly error: unknown }
  | NewestTimestamp
  | ({ readonly kind: 'proven-address' } & ProvenAddress)
  | FlowNotice
  | RouteNotice;

/** The event of a session of the client with this name. */
export function plainEvent(event: SessionEvent, client: string | undefined): ShardEvent {
  if (event.kind === 'fault') return { kind: 'fault', client, error: sendable(event.error) };
  const { kind, session } = event;
  if (kind === 'request') {
    const { id, request, body } = event;
    const features = session.peerParameters?.features ?? 0;
    return { kind, session: session.id, publicKey: session.peerPublicKey.slice(), features, id, request, body };
  }
  const publicKey = session.peerPublicKey.slice();
  const facts = { session: session.id, client, publicKey, endpoint: session.endpoint.slice() };
  return kind === 'disconnected' ? { kind, ...facts, reason: event.reason } : { kind, ...facts };
}

/** The thrown value, if another thread can receive it, otherwise an error that says the same. */
function sendable(thrown: unknown): unknown {
  try {
    structuredClone(thrown);
    return thrown;
  } catch {
    if (!(thrown instanceof Error)) return new Error(`a value of type ${typeof thrown} was thrown`);
    const { message, stack } = thrown;
    return Object.assign(new Error(message), stack !== undefined && { stack });
  }
}

/** A client that is connected. */
export interface SessionStatus {
  readonly id: number;
  readonly client: string;
  readonly endpoint: string;
  /** For how long, ms. */
  readonly connectedMs: number;
  readonly flows: number;
  readonly statistics: SessionStatistics;
}

/** A flow of a client or of a route. */
export interface FlowStatus {
  readonly id: number;
  /** Its session; undefined while the client is away, and where there is none. */
  readonly session: number | undefined;
  /** Undefined for the flow of a route. */
  readonly client: string | undefined;
  readonly mode: 'forward' | 'publish' | 'route';
  readonly source: string;
  readonly target: string;
  /** How long since its last datagram, ms. */
  readonly idleMs: number;
}

/** A shard as a whole. */
export interface ShardFigures {
  readonly sessions: number;
  /** Flows with a socket of their own: to targets beyond the server and to upstreams of routes. */
  readonly flows: number;
  /** Flows of visitors at public ports. */
  readonly visitors: number;
  readonly forward: ModeFigures;
  readonly publish: ModeFigures;
  readonly route: ModeFigures;
  /** Errors that networks and hosts told of targets, by the code of a SocketError. */
  readonly targetErrors: Readonly<Partial<Record<SocketErrorCode, number>>>;
  /** Packets that were refused, by reason. */
  readonly packetDrops: Readonly<Record<string, number>>;
}
