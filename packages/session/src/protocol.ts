/**
 * Constants of the specification: docs/protocol.md, "The secure channel"; most of them are those of
 * WireGuard's paper (J. A. Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel", §5.4 and
 * §6.1). Changing one changes the protocol.
 */

/**
 * What distinguishes this protocol from others of the same construction, so that the two never
 * mistake each other.
 */
export interface ChannelProtocol {
  /** Name of the Noise protocol: the first thing that is hashed. */
  readonly construction: string;
  /** The second thing that is hashed. */
  readonly identifier: string;
  readonly labelMac1: string;
  readonly labelCookie: string;
  readonly labelNotice: string;
  /**
   * Whether packets carry frames and there are notices. Without frames a packet's content is
   * opaque: an empty one is a keepalive, any other is one frame of type -1.
   */
  readonly framed: boolean;
}

/** Relay's own protocol. */
export const RELAY_PROTOCOL: ChannelProtocol = {
  construction: 'Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s',
  identifier: 'Relay v1 secure channel for datagrams',
  labelMac1: 'mac1----',
  labelCookie: 'cookie--',
  labelNotice: 'notice--',
  framed: true,
};

/**
 * WireGuard's, for the proof of interoperability: handshakes, keepalives and rekeying with other
 * implementations.
 */
export const WIREGUARD_PROTOCOL: ChannelProtocol = {
  ...RELAY_PROTOCOL,
  identifier: 'WireGuard v1 zx2c4 Jason@zx2c4.com',
  framed: false,
};

/** The initiator begins a new handshake when its keys are this old (REKEY-AFTER-TIME). */
export const REKEY_AFTER_MS = 120_000;
/** Keys this old neither seal nor open (REJECT-AFTER-TIME). */
export const REJECT_AFTER_MS = 180_000;
/**
 * A new handshake begins when a key has sealed this many packets (REKEY-AFTER-MESSAGES is 2^60;
 * counters here end earlier).
 */
export const REKEY_AFTER_PACKETS = 2 ** 48;
/**
 * The highest counter: the largest integer that a JavaScript number tells from its neighbour
 * (REJECT-AFTER-MESSAGES is 2^64 - 2^13 - 1).
 */
export const HIGHEST_COUNTER = 2 ** 53 - 1;
/** A timestamp that is further ahead of the server's clock than this is refused. */
export const AHEAD_MS = 86_400_000;
/** How long a cookie is good, and how long one secret makes them. */
export const COOKIE_LIFE_MS = 120_000;
/**
 * To an address that has not answered a challenge go at most this many times the bytes that came
 * from it (RFC 9000 §8.1, §8.2).
 */
export const UNVALIDATED_FACTOR = 3;
/** How long without any answer until the path counts as lost. */
export const PATH_LOST_AFTER_MS = 3000;

/**
 * The bits of a client's index that are the same for all handshakes of one session, so that a rekey
 * is told from a new session.
 */
export const INSTANCE_MASK = 0xffff_ff00;
/** Those of them that are random for each new session; the others name the client's shard. */
export const RANDOM_MASK = 0xffff_0000;
/**
 * The lowest bit of a client's index: this handshake renews the keys of a session. Who does not
 * have that session does not answer.
 */
export const REKEY_BIT = 1;
