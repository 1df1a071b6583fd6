import type { DatagramBatch, Endpoint, SendBatch } from '@relay/packet';
import type { SocketError } from './socket-error.js';
import type { SocketStatistics } from './statistics.js';

/**
 * Writable bytes before each received datagram, except inside a run that arrived as one (see
 * {@link ReceiveBatch}).
 */
export const HEADROOM_BYTES = 64;
/**
 * Writable bytes after each received datagram, except inside a run that arrived as one (see
 * {@link ReceiveBatch}).
 */
export const TAILROOM_BYTES = 32;
/** The largest UDP payload over IPv4; IPv6 would allow 65,527. */
export const MAX_DATAGRAM_BYTES = 65507;

/**
 * How a socket talks to the kernel: batched system calls, node:dgram, or not at all (the in-memory
 * network).
 */
export type Engine = 'native' | 'dgram' | 'memory';

/** created → opening → open → closing → closed; a failed `open` ends in closed. */
export type SocketState = 'created' | 'opening' | 'open' | 'closing' | 'closed';

/**
 * Received datagrams: datagram `i` is `bytes.subarray(offsets[i], offsets[i] + lengths[i])`. At
 * least 1, and at most the socket's `maxBatch`; `locals` are all zeros without `receiveLocals`.
 *
 * Everything here is reused and valid only until the callback returns; copy what is to be kept. The
 * callback may write into the bytes: to decrypt in place, and to put a header before a datagram
 * ({@link HEADROOM_BYTES}) or a trailer after it ({@link TAILROOM_BYTES}). Datagrams that arrived
 * as one offloaded run lie back to back, so there what is written before one overwrites the end of
 * its predecessor: go through them in order and be done with each, or open without
 * `receiveOffload`.
 */
export interface ReceiveBatch extends DatagramBatch {
  /** ECN bits, 0 to 3. All zeros without `receiveEcn`, or where it is not known. */
  readonly ecn: Uint8Array;
  /**
   * When the kernel received it, wall clock in ms. 0 without `receiveTimestamps`, or where it is
   * not known.
   */
  readonly timestampsMs: Float64Array;
}

/** A datagram of its own, copied. */
export interface ReceivedDatagram {
  readonly bytes: Uint8Array;
  readonly source: Endpoint;
}

/**
 * A UDP socket. The same contract on every engine; what differs is a number (`maxBatch`,
 * `maxSegments`) or is counted.
 *
 * Errors of single datagrams never end a socket: they are counted in `statistics.errors` and
 * reported to `onError`.
 */
export interface UdpSocket extends AsyncDisposable, AsyncIterable<ReceivedDatagram> {
  readonly engine: Engine;
  readonly state: SocketState;

  /**
   * Binds, and connects if there is a `remote`. Rejects with a {@link SocketError}; the socket is
   * then closed.
   */
  open(): Promise<void>;

  /** Where the socket is bound, with its real port; as asked for until it is open. */
  readonly local: Endpoint;
  /** The endpoint it is connected to, if any. */
  readonly remote: Endpoint | undefined;

  /**
   * Called with each batch. Must not throw: what it throws ends the process as any uncaught
   * exception does.
   */
  onReceive: (batch: ReceiveBatch) => void;

  /**
   * Called when datagrams that were accepted could not be sent, or an ICMP error came back. Never
   * called during `send`, and never fatal.
   *
   * `error.datagrams` says for how many accepted datagrams it stands, `tag` is the tag that all of
   * them were given ({@link SendBatch.tags}; without: 0), and `destination` is that of the first.
   * Each datagram that `send` or `sendBatch` accepted is either counted in
   * `statistics.sentDatagrams` or told here, exactly once, and before `close` has resolved:
   * - refused by the kernel, at once or after it waited (`error.operation` is 'send');
   * - waiting for an `open` that fails ('open', told before `open` rejects, with its code);
   * - still waiting when `close` has waited long enough ('send', code 'closed').
   *
   * An error that stands for no datagram (ICMP, of which nobody knows what it was about, or
   * receiving) has `error.datagrams` 0 and tag 0.
   */
  onError: (error: SocketError, destination: Endpoint | undefined, tag: number) => void;

  /**
   * Sends one datagram, to the connected remote or to `destination`. False: it was dropped and
   * counted, since the queue is full or the socket is not open. True: the kernel has it, or it
   * waits in the queue, or it failed and `onError` will say so. Throws a SocketError
   * 'invalid-argument' for a destination that is no endpoint, or that is missing.
   */
  send(bytes: Uint8Array, destination?: Endpoint): boolean;

  /**
   * Sends a batch. Neighbours of equal size to the same destination travel as one segmented send
   * where the engine can (`maxSegments`); the last of such a run may be shorter. The bytes may be
   * those of a {@link ReceiveBatch} during its callback; `locals` are ignored where the engine
   * cannot. Returns how many of its datagrams, from the first on, were accepted in the sense
   * of `send`. The rest was dropped and counted (`statistics.queueDrops`). Throws a SocketError
   * 'invalid-argument' where an offset or length lies outside `bytes`.
   */
  sendBatch(batch: SendBatch): number;

  /** Bytes of payload that were accepted and not yet given to the kernel: the back-pressure. */
  readonly queuedBytes: number;
  /** The largest number of datagrams in one receive callback; 1: this engine does not batch. */
  readonly maxBatch: number;
  /**
   * The largest number of datagrams that travel as one segmented send; 1: none. It falls to 1 when
   * the kernel or the device refuses.
   */
  readonly maxSegments: number;
  /** Kernel buffer sizes as got, which may differ from those asked for; 0 until open. */
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  /** A snapshot of the counters. */
  readonly statistics: SocketStatistics;

  /** Waits for queued sends (at most `closeTimeoutMs`), then closes. Idempotent. */
  close(): Promise<void>;

  /**
   * Datagrams as copies, for convenience; takes over `onReceive`. At most 1,024 wait; what comes
   * beyond is counted in `queueDrops`.
   */
  [Symbol.asyncIterator](): AsyncIterator<ReceivedDatagram>;
}
