import { copyPackedEndpoint, PACKED_ENDPOINT_BYTES, type SendBatch } from '@relay/packet';

const FIRST_BYTES = 1 << 16;
const FIRST_DATAGRAMS = 64;

/**
 * Copies of datagrams that the kernel does not have yet, in the shape of a batch. The queue grows
 * as needed. The caller limits how much may wait.
 */
export class SendQueue implements SendBatch {
  bytes: Uint8Array<ArrayBuffer>;
  offsets: Uint32Array<ArrayBuffer>;
  lengths: Uint32Array<ArrayBuffer>;
  destinations: Uint8Array<ArrayBuffer>;
  locals: Uint8Array<ArrayBuffer>;
  /** Present from the first batch with tags on. */
  tags?: Uint32Array<ArrayBuffer>;
  /** The datagrams before this one have been sent. */
  head = 0;
  count = 0;
  /** The waiting payload in bytes. */
  waitingBytes = 0;
  #end = 0;

  /** `bytes` and `datagrams` are the first room of the queue. */
  constructor(bytes = FIRST_BYTES, datagrams = FIRST_DATAGRAMS) {
    this.bytes = new Uint8Array(bytes);
    this.offsets = new Uint32Array(datagrams);
    this.lengths = new Uint32Array(datagrams);
    this.destinations = new Uint8Array(datagrams * PACKED_ENDPOINT_BYTES);
    this.locals = new Uint8Array(datagrams * PACKED_ENDPOINT_BYTES);
  }

  /**
   * Copies datagrams from number `from` on as long as at most `maxBytes` wait. Returns the number
   * of the first datagram that it did not copy.
   */
  append(batch: SendBatch, from: number, maxBytes: number): number {
    if (batch.tags) this.tags ??= new Uint32Array(this.offsets.length);
    let i = from;
    for (; i < batch.count; i++) {
      const length = batch.lengths[i] ?? 0;
      if (this.waitingBytes + length > maxBytes) break;
      this.#makeRoom(length);
      const offset = batch.offsets[i] ?? 0;
      this.bytes.set(batch.bytes.subarray(offset, offset + length), this.#end);
      this.offsets[this.count] = this.#end;
      this.lengths[this.count] = length;
      copyPacked(batch.destinations, i, this.destinations, this.count);
      copyPacked(batch.locals, i, this.locals, this.count);
      if (this.tags) this.tags[this.count] = batch.tags?.[i] ?? 0;
      this.count++;
      this.#end += length;
      this.waitingBytes += length;
    }
    return i;
  }

  /** Records that the datagrams before number `to` have been sent. */
  advance(to: number): void {
    for (; this.head < to; this.head++) this.waitingBytes -= this.lengths[this.head] ?? 0;
  }

  /** Forgets all waiting datagrams. */
  clear(): void {
    this.head = this.count = this.waitingBytes = this.#end = 0;
  }

  #makeRoom(length: number): void {
    const isFull = (): boolean => this.count === this.offsets.length || this.#end + length > this.bytes.length;
    if (this.head > 0 && isFull()) this.#compact();
    if (this.count === this.offsets.length) {
      this.offsets = grown(this.offsets, this.count * 2);
      this.lengths = grown(this.lengths, this.count * 2);
      if (this.tags) this.tags = grown(this.tags, this.count * 2);
      this.destinations = grown(this.destinations, this.count * 2 * PACKED_ENDPOINT_BYTES);
      this.locals = grown(this.locals, this.count * 2 * PACKED_ENDPOINT_BYTES);
    }
    if (this.#end + length > this.bytes.length) this.bytes = grown(this.bytes, 2 * (this.#end + length));
  }

  #compact(): void {
    const { head, count } = this;
    const start = this.offsets[head] ?? this.#end;
    this.bytes.copyWithin(0, start, this.#end);
    this.offsets.copyWithin(0, head, count);
    this.lengths.copyWithin(0, head, count);
    this.tags?.copyWithin(0, head, count);
    this.destinations.copyWithin(0, head * PACKED_ENDPOINT_BYTES, count * PACKED_ENDPOINT_BYTES);
    this.locals.copyWithin(0, head * PACKED_ENDPOINT_BYTES, count * PACKED_ENDPOINT_BYTES);
    this.count -= head;
    this.#end -= start;
    this.head = 0;
    for (let i = 0; i < this.count; i++) this.offsets[i] = (this.offsets[i] ?? 0) - start;
  }
}

function copyPacked(from: Uint8Array | undefined, i: number, to: Uint8Array, j: number): void {
  if (from) copyPackedEndpoint(from, i * PACKED_ENDPOINT_BYTES, to, j * PACKED_ENDPOINT_BYTES);
  else to.fill(0, j * PACKED_ENDPOINT_BYTES, (j + 1) * PACKED_ENDPOINT_BYTES);
}

function grown<T extends Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length);
  larger.set(array);
  return larger;
}
