import type { ClientDirectory } from './directory.js';
import type { DisconnectReason, EventSink } from './events.js';
import type { KeyPair, RandomSource } from './keys/key-pair.js';
import type { PeerParameters } from './parameters.js';
import type { FrameSink, PacketSink } from './sinks.js';
import type { Session } from './session.js';

export interface ServerChannelOptions {
  readonly staticKey: KeyPair;
  readonly clients: ClientDirectory;
  /** 32 bytes that survive restarts: with them the server can tell clients of a past life that it knows them no more. */
  readonly resetSecret: Uint8Array;
  readonly presharedKey?: Uint8Array;
  readonly parameters?: Partial<PeerParameters>;
  readonly limits?: Partial<ServerLimits>;
  /** Which shard this is: session indices end in its number (lowest `bits` bits), so that a packet can be steered by them. */
  readonly shard?: { readonly bits: number; readonly number: number };
  readonly random?: RandomSource;
  readonly onPacket: PacketSink;
  readonly onFrame: FrameSink;
  readonly onEvent: EventSink;
}

export interface ServerLimits {
  readonly maxSessions: number;
  /** Handshakes per second above which cookies are asked for. */
  readonly handshakesPerSecond: number;
  /** Resets per second that are answered at most. */
  readonly resetsPerSecond: number;
}

/** The server's end: many sessions, found by index. */
export declare class ServerChannel {
  constructor(options: ServerChannelOptions);
  readonly nextWakeMs: number;
  readonly sessionCount: number;
  sessions(): Iterable<Session>;
  /** Set by the load state: every handshake must bring a cookie, and new clients are turned away if `shed`. */
  setLoad(load: 'normal' | 'loaded' | 'shed'): void;
  receive(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
    wallMs?: number,
  ): number;
  wake(nowMs: number): void;
  closeSession(session: Session, reason: DisconnectReason, nowMs: number): void;
  /** Closes the sessions of this key at once. The directory must know the client no more. */
  revoke(publicKey: Uint8Array, nowMs: number): void;
  /** Tells every client that the server will stop, and lets no new one in. */
  drain(nowMs: number): void;
  /** Closes all sessions, telling the clients. */
  close(nowMs: number): void;
}
