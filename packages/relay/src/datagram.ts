import type { DatagramBatch } from '@relay/packet';

/**
 * A view of one datagram's payload where it lies: `bytes[offset .. offset + length]`. A receiver of
 * datagrams has one and reuses it, so it is valid only during the call that it is given to.
 */
export class Datagram {
  bytes: Uint8Array = NOTHING;
  offset = 0;
  length = 0;

  /** Shows these bytes from now on. */
  show(bytes: Uint8Array, offset: number, length: number): this {
    this.bytes = bytes;
    this.offset = offset;
    this.length = length;
    return this;
  }

  /** Shows datagram `i` of the batch from now on. */
  showOf({ bytes, offsets, lengths }: DatagramBatch, i: number): this {
    return this.show(bytes, offsets[i] ?? 0, lengths[i] ?? 0);
  }
}

const NOTHING = new Uint8Array(0);
