import type { DropCounters, Endpoint } from '@relay/packet';
import type { Primitives } from '../crypto/primitives.js';
import type { KeyPair, RandomSource } from '../keys/key-pair.js';
import type { PacketOut } from '../packet-out.js';
import type { ChannelParameters } from '../parameters.js';
import type { ChannelProtocol } from '../protocol.js';

/**
 * What a `ClientChannel` is made of. Its constructor throws a RangeError for keys and
 * parameters that cannot be.
 */
export interface ClientChannelOptions {
  readonly staticKey: KeyPair;
  /** 32 bytes, from the invitation. */
  readonly serverPublicKey: Uint8Array;
  /** Where the server is; it may come later, by `setServer`, but before `connect`. */
  readonly server?: Endpoint;
  /**
   * 32 bytes mixed into the keys beside everything else; zeros if absent, as invitations have none.
   */
  readonly presharedKey?: Uint8Array;
  /** What to tell the server of ourselves. */
  readonly parameters?: ChannelParameters;
  /** How often an idle client refreshes its NAT's mapping, ms; 0: never. Default 25,000. */
  readonly keepaliveMs?: number;
  /** When keys are replaced, ms: at most, and by default, 120,000. */
  readonly rekeyAfterMs?: number;
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
