import { copyPackedEndpoint, DROP, PACKED_ENDPOINT_BYTES, type SendBatch } from '@relay/packet';
import type { Traffic } from '../traffic.js';

const SLOTS = 64;

/**
 * What sends datagrams and says how many, from the first on, it took. A `UdpSocket` of
 * @relay/socket is one.
 */
export interface DatagramSender {
  sendBatch(batch: SendBatch): number;
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
  readonly #connected: SendBatch = newBatch();
  readonly #addressed: SendBatch = { ...this.#connected, destinations: this.#destinations };
  readonly #answering: SendBatch = { ...this.#addressed, locals: this.#locals };
  #batch = this.#connected;
  #sender: DatagramSender | undefined;
  #traffic: Traffic | undefined;

  /**
   * Adds a datagram; `destination` (packed) where the sender is not connected, and `local` (packed)
   * where it is to leave from that address. `traffic` counts what becomes of it.
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
    const isAnswering = local !== undefined;
    const batch = isAnswering ? this.#answering : isAddressed ? this.#addressed : this.#connected;
    const isSameWay = sender === this.#sender && traffic === this.#traffic && batch === this.#batch;
    if (!isSameWay || bytes !== batch.bytes || batch.count === SLOTS) {
      this.flush();
      this.#sender = sender;
      this.#traffic = traffic;
      this.#batch = batch;
      batch.bytes = bytes;
    }
    const slot = batch.count++;
    batch.offsets[slot] = offset;
    batch.lengths[slot] = length;
    const at = slot * PACKED_ENDPOINT_BYTES;
    if (isAddressed) copyPackedEndpoint(destination, 0, this.#destinations, at);
    if (isAnswering) copyPackedEndpoint(local, 0, this.#locals, at);
  }

  /** Sends what was gathered. */
  flush(): void {
    const [batch, traffic] = [this.#batch, this.#traffic];
    if (batch.count === 0 || this.#sender === undefined || traffic === undefined) return;
    const taken = this.#sender.sendBatch(batch);
    for (let slot = 0; slot < taken; slot++) traffic.sent(batch.lengths[slot] ?? 0);
    for (let slot = taken; slot < batch.count; slot++) traffic.dropped(DROP.queueFull);
    batch.count = 0;
    this.#sender = undefined;
  }
}

function newBatch(): SendBatch {
  return { bytes: new Uint8Array(0), count: 0, offsets: new Uint32Array(SLOTS), lengths: new Uint32Array(SLOTS) };
}
