import type { SocketErrorCode } from './socket-error.js';

/**
 * A snapshot of a socket's counters since it was created. For sends, offered datagrams = sent +
 * queued now + `queueDrops` + failed (`sendFailures`).
 */
export interface SocketStatistics {
  readonly receivedDatagrams: number;
  readonly receivedBytes: number;
  /** The number of receive callbacks. `receivedDatagrams / receiveBatches` is the mean batch. */
  readonly receiveBatches: number;
  readonly largestReceiveBatch: number;
  /** Datagrams that the kernel took. */
  readonly sentDatagrams: number;
  readonly sentBytes: number;
  /**
   * The number of system calls that sent datagrams. `sentDatagrams / sendCalls` is the mean batch.
   */
  readonly sendCalls: number;
  readonly largestSendBatch: number;
  /** Datagrams that waited in the queue before the kernel took them. */
  readonly queuedDatagrams: number;
  /**
   * Datagrams that the kernel dropped because the receive buffer was full; undefined where the
   * engine cannot know it.
   *
   * The native engine knows the number at any time, and it is exact without `receiveOffload`. With
   * it, a run that arrived as one counts once, so that more may have been dropped. On Linux, dgram
   * knows what `countKernelDrops()` has read last: what is dropped between that and the close is
   * missing. On other systems, and with `reusePort`, dgram does not know it.
   */
  readonly kernelDrops: number | undefined;
  /**
   * Segmented sends that the kernel or the device refused, whose datagrams passed singly. Such
   * sends are tried again after 1 s, and after twice as long each time that they are refused again.
   */
  readonly refusedRuns: number;
  /** Datagrams dropped because a queue was full or the socket was not open. */
  readonly queueDrops: number;
  /** Datagrams that the kernel refused. */
  readonly sendFailures: number;
  /**
   * Errors by code: failed sends, ICMP errors, and drops of a socket that is not open ('closed').
   */
  readonly errors: Readonly<Partial<Record<SocketErrorCode, number>>>;
}

/** The counters of one socket. */
export class SocketCounters {
  receivedDatagrams = 0;
  receivedBytes = 0;
  receiveBatches = 0;
  largestReceiveBatch = 0;
  sentDatagrams = 0;
  sentBytes = 0;
  sendCalls = 0;
  largestSendBatch = 0;
  queuedDatagrams = 0;
  queueDrops = 0;
  sendFailures = 0;
  #errors: Map<SocketErrorCode, number> | undefined;

  countReceived(datagrams: number, bytes: number): void {
    this.receivedDatagrams += datagrams;
    this.receivedBytes += bytes;
    this.receiveBatches++;
    if (datagrams > this.largestReceiveBatch) this.largestReceiveBatch = datagrams;
  }

  countSent(datagrams: number, bytes: number, calls = 1): void {
    this.sentDatagrams += datagrams;
    this.sentBytes += bytes;
    this.sendCalls += calls;
    if (datagrams > this.largestSendBatch) this.largestSendBatch = datagrams;
  }

  countError(code: SocketErrorCode, n = 1): void {
    this.#errors ??= new Map();
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + n);
  }

  snapshot(kernelDrops: number | undefined, refusedRuns: number): SocketStatistics {
    const { receivedDatagrams, receivedBytes, receiveBatches, largestReceiveBatch } = this;
    const { sentDatagrams, sentBytes, sendCalls, largestSendBatch, queuedDatagrams, queueDrops, sendFailures } = this;
    const errors: Partial<Record<SocketErrorCode, number>> = Object.fromEntries(this.#errors ?? []);
    return {
      ...{ receivedDatagrams, receivedBytes, receiveBatches, largestReceiveBatch },
      ...{ sentDatagrams, sentBytes, sendCalls, largestSendBatch, queuedDatagrams },
      ...{ kernelDrops, refusedRuns, queueDrops, sendFailures, errors },
    };
  }
}
