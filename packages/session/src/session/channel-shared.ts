import type { DropCounters, SessionParameters } from '@relay/packet';
import type { Primitives } from '../crypto/primitives.js';
import type { Deadlines, Sleeper } from '../deadlines.js';
import type { RandomSource } from '../keys/key-pair.js';
import type { PacketOut } from '../packet-out.js';
import type { ReplayRings } from '../transport/replay-window.js';
import type { TransportKeys } from '../transport/transport-keys.js';
import type { EventQueue } from './event-queue.js';
import type { FrameLayer } from './frame-layer.js';
import type { KeyTable } from './key-set.js';

/**
 * What all sessions `S` of a channel share: data alone. A session never calls its channel; what it
 * brings about for it lies here, and the channel looks when its call into the session returns.
 */
export interface ChannelShared<S extends Sleeper> {
  readonly role: 'client' | 'server';
  readonly layer: FrameLayer<S>;
  readonly primitives: Primitives;
  readonly random: RandomSource;
  /** What to tell the peer of ourselves. */
  readonly told: Readonly<SessionParameters>;
  readonly maxPacketBytes: number;
  /** How often an idle session sends something, ms; Infinity: never. */
  readonly keepaliveMs: number;
  readonly rings: ReplayRings;
  readonly keys: KeyTable<TransportKeys<S>>;
  readonly deadlines: Deadlines<S>;
  readonly out: PacketOut;
  readonly events: EventQueue;
  /** Sessions that have ended since the channel looked last. */
  readonly ended: S[];
  /** Counts frames that are refused while their packets are taken. */
  readonly drops: DropCounters;
}
