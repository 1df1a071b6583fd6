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
/** The largest UDP payload over IPv4. IPv6 would allow 65,527. */
export const MAX_DATAGRAM_BYTES = 65507;

/**
 * How a socket talks to the kernel: by batched system calls, by node:dgram, or not at all (the
 * in-memory network).
 */
export type Engine = 'native' | 'dgram' | 'memory';

/** The states go created → opening → open → closing → closed. A failed `open` ends in closed. */
export type SocketState = 'created' | 'opening' | 'open' | 'closing' | 'closed';

/**
 * Received datagrams. Datagram `i` is `bytes.subarray(offsets[i], offsets[i] + lengths[i])`. A
 * batch has at least 1 datagram and at most the socket's `maxBatch`. `locals` are all zeros without
 * `receiveLocals`.
 *
 * All arrays are reused and valid only until the callback returns. Copy what you want to keep. The
 * callback may write into the bytes: it may decrypt in place, put a header before a datagram
 * ({@link HEADROOM_BYTES}), or put a trailer after it ({@link TAILROOM_BYTES}). Datagrams of one
 * offloaded run lie back to back: a header before one overwrites the end of its predecessor.
 * Process them in order and finish each one before the next, or open the socket without
 * `receiveOffload`.
 */
export interface ReceiveBatch extends DatagramBatch {
  /** ECN bits, 0 to 3. All zeros without `receiveEcn`, or if the engine does not know them. */
  readonly ecn: Uint8Array;
  /**
   * The wall-clock time in ms when the kernel received the datagram. 0 without `receiveTimestamps`,
   * or if the engine does not know it.
   */
  readonly timestampsMs: Float64Array;
}

/** One datagram as a copy. */
export interface ReceivedDatagram {
  readonly bytes: Uint8Array;
  readonly source: Endpoint;
}

/**
 * A UDP socket. The contract is the same on every engine. Differences are numbers (`maxBatch`,
 * `maxSegments`) or are counted.
 *
 * Errors of single datagrams never end a socket. They are counted in `statistics.errors` and
 * reported to `onError`.
 */
export interface UdpSocket extends AsyncDisposable, AsyncIterable<ReceivedDatagram> {
  readonly engine: Engine;
  readonly state: SocketState;

  /**
   * Binds the socket, and connects it if there is a `remote`. Rejects with a {@link SocketError};
   * the socket is then closed.
   */
  open(): Promise<void>;

  /**
   * The endpoint that the socket is bound to, with its real port. Before the socket is open, this
   * is the requested endpoint.
   */
  readonly local: Endpoint;
  /** The endpoint that the socket is connected to, if any. */
  readonly remote: Endpoint | undefined;

  /**
   * Called with each batch. It must not throw: an error ends the process as any uncaught exception
   * does.
   */
  onReceive: (batch: ReceiveBatch) => void;

  /**
   * Called when accepted datagrams could not be sent, or when an ICMP error came back. It is never
   * called during `send`, and the error is never fatal.
   *
   * `error.datagrams` is the number of accepted datagrams that the error is about. `tag` is their
   * common tag ({@link SendBatch.tags}), or 0 without tags. `destination` is that of the first one.
   * Each datagram that `send` or `sendBatch` accepted is either counted in
   * `statistics.sentDatagrams` or reported here, exactly once, and before `close` resolves:
   * - the kernel refused it, at once or after it waited (`error.operation` is 'send');
   * - it waited for an `open` that failed ('open', reported before `open` rejects, with the same
   *   code);
   * - it still waited when `close` gave up ('send', code 'closed').
   *
   * Some errors are about no datagram: a receive failed, or an ICMP error does not say which
   * datagram it belongs to. They have `error.datagrams` 0 and tag 0.
   */
  onError: (error: SocketError, destination: Endpoint | undefined, tag: number) => void;

  /**
   * Called with the number of datagrams that the kernel has dropped since the last call, because
   * the receive buffer was full: at `countKernelDrops()`, and before `close` resolves. It must not
   * throw. See `statistics.kernelDrops` for how exact the number is.
   */
  onKernelDrops: (datagrams: number) => void;

  /**
   * Sends one datagram to the connected remote or to `destination`. Returns false if the datagram
   * was dropped and counted, because the queue is full or the socket is not open. Returns true if
   * the kernel has it, if it waits in the queue, or if it failed and `onError` will report it.
   * Throws a SocketError 'invalid-argument' if the destination is no endpoint or is missing.
   */
  send(bytes: Uint8Array, destination?: Endpoint): boolean;

  /**
   * Sends a batch. Neighbours of equal size to the same destination travel as one segmented send if
   * the engine can do that (`maxSegments`). The last of such a run may be shorter. The bytes may be
   * those of a {@link ReceiveBatch} during its callback. `locals` are ignored if the engine cannot
   * use them. Returns how many of its datagrams, from the first on, were accepted in the sense of
   * `send`. The rest was dropped and counted (`statistics.queueDrops`). Throws a SocketError
   * 'invalid-argument' if an offset or length lies outside `bytes`.
   */
  sendBatch(batch: SendBatch): number;

  /**
   * The back-pressure: bytes of payload that were accepted and that the kernel does not have yet.
   */
  readonly queuedBytes: number;
  /**
   * The largest number of datagrams in one receive callback. 1 means that the engine does not
   * batch.
   */
  readonly maxBatch: number;
  /**
   * The largest number of datagrams in one segmented send. 1 means none. It falls to 1 for a
   * time when the kernel or the device refuses such a send.
   */
  readonly maxSegments: number;
  /**
   * The actual sizes of the kernel buffers, which may differ from the requested ones. 0 until the
   * socket is open.
   */
  readonly receiveBufferBytes: number;
  readonly sendBufferBytes: number;
  /** A snapshot of the counters. */
  readonly statistics: SocketStatistics;

  /** Waits for queued sends (at most `closeTimeoutMs`), then closes. Idempotent. */
  close(): Promise<void>;

  /**
   * Returns the datagrams as copies, for convenience. It replaces `onReceive`. At most 1,024
   * datagrams wait; the others are counted in `queueDrops`.
   */
  [Symbol.asyncIterator](): AsyncIterator<ReceivedDatagram>;
}
