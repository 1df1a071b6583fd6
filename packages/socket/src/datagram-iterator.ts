import { PACKED_ENDPOINT_BYTES, unpackEndpoint } from '@relay/packet';
import type { SocketCounters } from './statistics.js';
import type { ReceiveBatch, ReceivedDatagram, UdpSocket } from './udp-socket.js';

/** How many datagrams may wait for a slow reader. This is room for a burst, not for a backlog. */
const MAX_WAITING = 1024;

/** Gives the datagrams of a socket as copies, one by one. It ends when the socket is closed. */
export class DatagramIterator implements AsyncIterator<ReceivedDatagram> {
  readonly #socket: UdpSocket;
  readonly #counters: SocketCounters;
  readonly #onReceiveBefore: (batch: ReceiveBatch) => void;
  readonly #waiting: ReceivedDatagram[] = [];
  #wake: (() => void) | undefined;
  #isDone = false;

  constructor(socket: UdpSocket, counters: SocketCounters) {
    this.#socket = socket;
    this.#counters = counters;
    this.#onReceiveBefore = socket.onReceive;
    socket.onReceive = (batch) => this.#take(batch);
  }

  async next(): Promise<IteratorResult<ReceivedDatagram>> {
    for (;;) {
      const value = this.#waiting.shift();
      if (value) return { done: false, value };
      if (this.#isDone) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  return(): Promise<IteratorResult<ReceivedDatagram>> {
    this.#socket.onReceive = this.#onReceiveBefore;
    this.#waiting.length = 0;
    this.finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  #take({ count, bytes, offsets, lengths, sources }: ReceiveBatch): void {
    for (let i = 0; i < count; i++) {
      if (this.#waiting.length >= MAX_WAITING) {
        this.#counters.queueDrops++;
        continue;
      }
      const offset = offsets[i] ?? 0;
      const copy = bytes.slice(offset, offset + (lengths[i] ?? 0));
      this.#waiting.push({ bytes: copy, source: unpackEndpoint(sources, i * PACKED_ENDPOINT_BYTES) });
    }
    this.#wake?.();
  }

  /** The reader still gets the waiting datagrams. Then the iterator ends. */
  finish(): void {
    this.#isDone = true;
    this.#wake?.();
  }
}
