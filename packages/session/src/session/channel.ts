import type { SessionParameters } from '@relay/packet';
import type { Deadlines } from '../deadlines.js';
import type { EventSink } from '../events.js';
import type { RandomSource } from '../keys/key-pair.js';
import type { ChannelProtocol } from '../protocol.js';
import type { FrameSink, PacketSink } from '../sinks.js';
import type { TransportKeys } from '../transport/transport-keys.js';
import type { LiveSession } from './live-session.js';

export type SessionKeys = TransportKeys<LiveSession>;

/** What a session asks of the channel that it belongs to: both ends of it implement this. */
export interface Channel {
  readonly role: 'client' | 'server';
  readonly protocol: ChannelProtocol;
  readonly maxPacketBytes: number;
  /** How often an idle session sends something, ms; Infinity: never. */
  readonly keepaliveMs: number;
  readonly random: RandomSource;
  readonly deadlines: Deadlines<LiveSession>;
  /** Room for one packet of our own: nothing in it outlives a call of `onPacket`. */
  readonly scratch: Uint8Array;
  readonly onPacket: PacketSink;
  readonly onFrame: FrameSink;
  readonly onEvent: EventSink;
  /** What to tell the peer of ourselves under these keys. */
  parametersFor(keys: SessionKeys): Readonly<SessionParameters>;
  /** The peer told of itself under these keys. */
  parametersArrived(keys: SessionKeys, parameters: Readonly<SessionParameters>, nowMs: number): void;
  /** These keys are no longer used: their index is free. */
  retire(keys: SessionKeys): void;
  /** The session is over; its keys were retired. */
  ended(session: LiveSession, nowMs: number): void;
}
