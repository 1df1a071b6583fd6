import { copyPackedEndpoint, dropCode, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import type { Traffic } from './traffic.js';

const SLOTS = 64;
const QUEUE_FULL = dropCode('queue-full');

/** What sends datagrams and says how many, from the first on, it took. A `UdpSocket` of @relay/socket is one. */
export interface DatagramSender {
  sendBatch(batch: DatagramBatch): number;
}

/** The shape of a `SendBatch` of @relay/socket. */
export interface DatagramBatch {
  bytes: Uint8Array;
  count: number;
  offsets: Uint32Array;
  lengths: Uint32Array;
  destinations?: Uint8Array;
  locals?: Uint8Array;
}

/**
 * Gathers datagrams that leave one behind another through the same socket, straight from the buffer in which they lie, so that they
 * are sent with one call. Must be flushed before that buffer is used again.
 */
export class DatagramRun {
  readonly #offsets = new Uint32Array(SLOTS);
  readonly #lengths = new Uint32Array(SLOTS);
  readonly #destinations = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  readonly #locals = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  // The same objects again and again: a sender may know them.
  readonly #connected: DatagramBatch = newBatch(this.#offsets, this.#lengths);
  readonly #addressed: DatagramBatch = { ...this.#connected, destinations: this.#destinations };
  readonly #answering: DatagramBatch = { ...this.#addressed, locals: this.#locals };
  #bytes: Uint8Array = new Uint8Array(0);
  #sender: DatagramSender | undefined;
  #traffic: Traffic | undefined;
  #isAddressed = false;
  #hasLocals = false;
  #count = 0;

  /**
   * Adds a datagram; `destination` (packed) where the sender is not connected, and `local` (packed) where it is to leave from
   * that address. `traffic` counts what becomes of it.
   */
  add(
    sender: DatagramSender,
    traffic: Traffic,
    bytes: Uint8Array,
    offset: number,
    length: number,
    destination?: Uint8Array,
    local?: Uint8Array,
  ): void {
    const isAddressed = destination !== undefined;
    const hasLocal = local !== undefined;
    if (
      sender !== this.#sender ||
      bytes !== this.#bytes ||
      this.#count === SLOTS ||
      traffic !== this.#traffic ||
      isAddressed !== this.#isAddressed ||
      hasLocal !== this.#hasLocals
    ) {
      this.flush();
      this.#sender = sender;
      this.#traffic = traffic;
      this.#bytes = bytes;
      this.#isAddressed = isAddressed;
      this.#hasLocals = hasLocal;
    }
    const slot = this.#count++;
    this.#offsets[slot] = offset;
    this.#lengths[slot] = length;
    const at = slot * PACKED_ENDPOINT_BYTES;
    if (isAddressed) copyPackedEndpoint(destination, 0, this.#destinations, at);
    if (hasLocal) copyPackedEndpoint(local, 0, this.#locals, at);
  }

  /** Sends what was gathered. */
  flush(): void {
    const traffic = this.#traffic;
    if (this.#count === 0 || this.#sender === undefined || traffic === undefined) return;
    const batch = this.#hasLocals ? this.#answering : this.#isAddressed ? this.#addressed : this.#connected;
    batch.bytes = this.#bytes;
    batch.count = this.#count;
    const taken = this.#sender.sendBatch(batch);
    for (let slot = 0; slot < taken; slot++) traffic.sent(this.#lengths[slot] ?? 0);
    for (let slot = taken; slot < this.#count; slot++) traffic.dropped(QUEUE_FULL);
    this.#count = 0;
    this.#sender = undefined;
  }
}

function newBatch(offsets: Uint32Array, lengths: Uint32Array): DatagramBatch {
  return { bytes: new Uint8Array(0), count: 0, offsets, lengths };
}
