/**
 * The clients that may come in. The program that runs the server keeps them; a channel only asks.
 */
export interface ClientDirectory {
  /**
   * The client with this static public key (32 bytes, valid during the call); undefined if there is
   * none, or it may not come in now (its invitation has expired): then it gets silence. Called once
   * per handshake that carries a valid mac1, so it should be quick: a Map lookup.
   */
  lookup(publicKey: Uint8Array): ClientEntry | undefined;

  /**
   * Remembers the timestamp of the newest handshake that a client completed; `lookup` must give it
   * from then on, also after a restart. It may be written to disk late: see
   * docs/decisions/newest-timestamp.md for what that costs (nothing).
   */
  recordTimestamp(publicKey: Uint8Array, timestamp: bigint): void;
}

/**
 * What the channel needs to know of a client. A program's own entry may carry more, and
 * `Session.client` gives it back.
 */
export interface ClientEntry {
  readonly name: string;
  readonly limits: ClientLimits;
  /**
   * What {@link ClientDirectory.recordTimestamp} was given last: a TAI64N timestamp as a 96-bit
   * big-endian number; 0n if never.
   */
  readonly newestTimestamp: bigint;
}

/** Limits of one client at the door. Absent: no limit. */
export interface ClientLimits {
  /**
   * Packets per second that the server takes from the client; bursts of one second's worth pass.
   */
  readonly packetsPerSecond?: number;
  /** Bits per second, UDP payload in, likewise. */
  readonly bitsPerSecond?: number;
}
