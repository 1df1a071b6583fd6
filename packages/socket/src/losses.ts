import { formatEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint, type Endpoint, type SendBatch } from '@relay/packet';
import { codeOfSystemError, SocketError, type SocketErrorCode, type SocketErrorDetails } from './socket-error.js';
import type { SocketCounters } from './statistics.js';

/** The type of `onError` of a socket. */
type Tell = (error: SocketError, destination: Endpoint | undefined, tag: number) => void;

/** The reason why datagrams are lost. */
interface Reason extends Pick<SocketErrorDetails, 'systemCode' | 'cause'> {
  readonly code: SocketErrorCode;
  readonly operation: 'send' | 'open';
}

/**
 * The datagrams that a socket has accepted and does not send. They are counted at once and reported
 * once, after the send has returned. A range is the datagrams of a batch from number `from` up to,
 * but without, `to`.
 */
export class Losses {
  readonly #counters: SocketCounters;
  readonly #remote: Endpoint | undefined;
  readonly #tell: Tell;

  constructor(counters: SocketCounters, remote: Endpoint | undefined, tell: Tell) {
    this.#counters = counters;
    this.#remote = remote;
    this.#tell = tell;
  }

  /** Records that the kernel refused a range. */
  refused(batch: SendBatch, from: number, to: number, systemCode: string | undefined): void {
    this.#counters.sendFailures += to - from;
    this.#tellRange(batch, from, to, refusal(systemCode));
  }

  /** Records that the kernel refused one datagram, which is no longer in a batch. */
  refusedOne(systemCode: string | undefined, tag: number, destination: Endpoint | undefined): void {
    this.#counters.sendFailures++;
    this.#tellLater(refusal(systemCode), 1, tag, destination);
  }

  /** Records that a range still waited when the socket had waited long enough for its queue. */
  dropped(batch: SendBatch, from: number, to: number): void {
    this.#counters.queueDrops += to - from;
    this.#tellRange(batch, from, to, CLOSED);
  }

  /** Records the same for one datagram, which is no longer in a batch. */
  droppedOne(tag: number, destination: Endpoint | undefined): void {
    this.#counters.queueDrops++;
    this.#tellLater(CLOSED, 1, tag, destination);
  }

  /** Records that a batch waited for the socket to open, and the socket failed to open. */
  notOpened(batch: SendBatch, cause: unknown): void {
    const { code, systemCode } = cause instanceof SocketError ? cause : UNKNOWN;
    this.#counters.queueDrops += batch.count;
    this.#tellRange(batch, 0, batch.count, { code, operation: 'open', systemCode, cause });
  }

  /** Reports once for each tag. */
  #tellRange({ tags, destinations }: SendBatch, from: number, to: number, reason: Reason): void {
    forEachTag(tags, from, to, (tag, datagrams, first) => {
      const packed = destinations && unpackEndpoint(destinations, first * PACKED_ENDPOINT_BYTES);
      this.#tellLater(reason, datagrams, tag, this.#remote ?? packed);
    });
  }

  #tellLater(reason: Reason, datagrams: number, tag: number, destination: Endpoint | undefined): void {
    const { code, operation, systemCode, cause } = reason;
    this.#counters.countError(code, datagrams);
    const details = { ...about(destination), systemCode, cause, datagrams };
    const error = new SocketError(code, operation, details);
    queueMicrotask(() => this.#tell(error, destination, tag));
  }
}

const CLOSED: Reason = { code: 'closed', operation: 'send' };
const UNKNOWN = { code: 'unknown', systemCode: undefined } as const;

function refusal(systemCode: string | undefined): Reason {
  return { code: codeOfSystemError(systemCode), operation: 'send', systemCode };
}

/** Returns the part of an error that names this endpoint. */
export function about(to: Endpoint | undefined): { subject?: string } {
  return to ? { subject: `to ${formatEndpoint(to)}` } : {};
}

/**
 * Calls `tell` once for each tag in a range, with how many datagrams have it and the number of the
 * first of them. Without tags all datagrams have tag 0.
 */
function forEachTag(
  tags: Uint32Array | undefined,
  from: number,
  to: number,
  tell: (tag: number, datagrams: number, first: number) => void,
): void {
  if (tags === undefined) {
    if (to > from) tell(0, to - from, from);
    return;
  }
  const groups = new Map<number, { readonly first: number; datagrams: number }>();
  for (let i = from; i < to; i++) {
    const tag = tags[i] ?? 0;
    const group = groups.get(tag);
    if (group === undefined) groups.set(tag, { first: i, datagrams: 1 });
    else group.datagrams++;
  }
  for (const [tag, { first, datagrams }] of groups) tell(tag, datagrams, first);
}
