import type { DropCounters } from '@relay/packet';
import type { Primitives } from '../crypto/primitives.js';
import type { KeyPair, RandomSource } from '../keys/key-pair.js';
import type { PacketOut } from '../packet-out.js';
import type { ChannelParameters } from '../parameters.js';
import type { ChannelProtocol } from '../protocol.js';
import type { ClientDirectory } from './directory.js';

/**
 * What a `ServerChannel` is made of. Its constructor throws a RangeError for keys and
 * parameters that cannot be.
 */
export interface ServerChannelOptions {
  readonly staticKey: KeyPair;
  readonly clients: ClientDirectory;
  /**
   * The wall clock, ms since 1970: asked how far ahead the timestamps of handshakes may be, and for
   * the timestamps of wakes. A jump of it changes nothing else.
   */
  readonly wallClock: () => number;
  /**
   * 32 bytes mixed into the keys beside everything else; zeros if absent, as invitations have none.
   */
  readonly presharedKey?: Uint8Array;
  /** What to tell clients of ourselves. */
  readonly parameters?: ChannelParameters;
  readonly limits?: Partial<ServerLimits>;
  /** Default `RELAY_PROTOCOL`. */
  readonly protocol?: ChannelProtocol;
  /** Default: the fastest that loads here. */
  readonly primitives?: Primitives;
  readonly random?: RandomSource;
  /** Counts frames that the channel refuses while it takes their packets. */
  readonly drops?: DropCounters;
  /** Takes the packets that the channel sends. */
  readonly out: PacketOut;
}

/** Limits of a whole server, or shard. */
export interface ServerLimits {
  /** Sessions at most, those that are being set up included. Default 100,000. */
  readonly maxSessions: number;
  /** Handshakes per second above which each must bring a cookie. Default 250. */
  readonly handshakesPerSecond: number;
}

export const DEFAULT_LIMITS: ServerLimits = { maxSessions: 100_000, handshakesPerSecond: 250 };
