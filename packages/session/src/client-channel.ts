import type { Endpoint } from '@relay/packet';
import type { EventSink } from './events.js';
import type { KeyPair, RandomSource } from './keys/key-pair.js';
import type { PeerParameters } from './parameters.js';
import type { FrameSink, PacketSink } from './sinks.js';
import type { Session } from './session.js';

export interface ClientChannelOptions {
  readonly staticKey: KeyPair;
  readonly serverPublicKey: Uint8Array;
  readonly server: Endpoint;
  /** 32 bytes mixed into the keys beside everything else; zeros if absent. */
  readonly presharedKey?: Uint8Array;
  readonly parameters?: Partial<PeerParameters>;
  /** How often an idle client keeps its NAT's mapping alive; 0 never. Default 25,000 (RFC 4787 REQ-5 allows 120 s, many do 30). */
  readonly keepaliveMs?: number;
  readonly random?: RandomSource;
  readonly onPacket: PacketSink;
  readonly onFrame: FrameSink;
  readonly onEvent: EventSink;
}

/** The client's end: keeps one session with one server alive until closed. */
export declare class ClientChannel {
  constructor(options: ClientChannelOptions);
  readonly state: 'idle' | 'connecting' | 'connected' | 'closed';
  /** The session while there is one: also while the path is lost and while a new handshake runs. */
  readonly session: Session | undefined;
  /** When to call `wake`, ms on the clock of `nowMs`; Infinity if never. Ask again after every call. */
  readonly nextWakeMs: number;
  /** Begins. `wallMs` is the wall clock (ms since 1970), read once: a clock that jumps later changes nothing. */
  connect(nowMs: number, wallMs: number): void;
  /** Takes a received packet, opens it in place. 0 = consumed, < 0 = drop code. */
  receive(
    bytes: Uint8Array,
    offset: number,
    length: number,
    source: Uint8Array,
    sourceOffset: number,
    nowMs: number,
  ): number;
  wake(nowMs: number): void;
  /** The network changed (or the name resolves elsewhere): try at once instead of waiting for the next attempt. */
  setServer(server: Endpoint, nowMs: number): void;
  close(nowMs: number): void;
}
