import { copyPackedEndpoint, DROP, PACKED_ENDPOINT_BYTES, type SendBatch } from '@relay/packet';
import type { Datagram } from '../datagram.js';
import type { Traffic } from '../traffic.js';

const SLOTS = 64;

/**
 * Sends datagrams, and says how many, from the first on, it took. A `UdpSocket` of @relay/socket is
 * one.
 */
export interface DatagramSender {
  sendBatch(batch: SendBatch): number;
}

/** The socket through which a datagram leaves, and its destination. */
export interface DatagramExit {
  readonly socket: DatagramSender;
  /** Packed endpoint; undefined where the socket is connected. */
  readonly destination: Uint8Array | undefined;
  /** Packed endpoint of this host to send from; all zeros: the system chooses. */
  readonly local: Uint8Array | undefined;
}

/**
 * Gathers datagrams that leave one behind another through the same socket, straight from the buffer
 * in which they lie, so that they are sent with one call. Must be flushed before that buffer is
 * used again.
 */
export class DatagramRun {
  readonly #destinations = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  readonly #locals = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  // The same objects again and again: a sender may know them.
  readonly #connected = newBatch();
  readonly #addressed: TaggedBatch = { ...this.#connected, destinations: this.#destinations };
  readonly #answering: TaggedBatch = { ...this.#addressed, locals: this.#locals };
  #batch = this.#connected;
  #socket: DatagramSender | undefined;
  #traffic: Traffic | undefined;

  /** Adds a datagram; `traffic` counts it as sent or dropped. */
  add({ socket, destination, local }: DatagramExit, traffic: Traffic, { bytes, offset, length }: Datagram): void {
    const batch = destination === undefined ? this.#connected : local === undefined ? this.#addressed : this.#answering;
    const isSameWay = socket === this.#socket && traffic === this.#traffic && batch === this.#batch;
    if (!isSameWay || bytes !== batch.bytes || batch.count === SLOTS) {
      this.flush();
      this.#socket = socket;
      this.#traffic = traffic;
      this.#batch = batch;
      batch.bytes = bytes;
    }
    const slot = batch.count++;
    batch.offsets[slot] = offset;
    batch.lengths[slot] = length;
    batch.tags[slot] = traffic.tag;
    const at = slot * PACKED_ENDPOINT_BYTES;
    if (destination !== undefined) copyPackedEndpoint(destination, 0, this.#destinations, at);
    if (local !== undefined) copyPackedEndpoint(local, 0, this.#locals, at);
  }

  /** Sends the datagrams that were gathered. */
  flush(): void {
    const [batch, traffic] = [this.#batch, this.#traffic];
    if (batch.count === 0 || this.#socket === undefined || traffic === undefined) return;
    const taken = this.#socket.sendBatch(batch);
    for (let slot = 0; slot < taken; slot++) traffic.sent(batch.lengths[slot] ?? 0);
    for (let slot = taken; slot < batch.count; slot++) traffic.dropped(DROP.queueFull);
    batch.count = 0;
    this.#socket = undefined;
  }
}

type TaggedBatch = SendBatch & { readonly tags: Uint32Array };

function newBatch(): TaggedBatch {
  const [offsets, lengths, tags] = [new Uint32Array(SLOTS), new Uint32Array(SLOTS), new Uint32Array(SLOTS)];
  return { bytes: new Uint8Array(0), count: 0, offsets, lengths, tags };
}
