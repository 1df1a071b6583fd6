import { packEndpoint, PACKED_ENDPOINT_BYTES, type Endpoint } from '@relay/packet';
import { HEADROOM_BYTES, MAX_DATAGRAM_BYTES, TAILROOM_BYTES, type ReceiveBatch } from '../udp-socket.js';

const POISON = 0xdb;
const SLOTS = 32;
const SLOT_BYTES = HEADROOM_BYTES + MAX_DATAGRAM_BYTES + TAILROOM_BYTES;

let shared: PoisonedArena | undefined;

/**
 * The batch of the memory sockets of this thread. It is overwritten after the callback, so that
 * tests notice a view that is kept too long.
 */
export class PoisonedArena implements ReceiveBatch {
  static readonly SLOTS = SLOTS;
  count = 0;
  readonly bytes = new Uint8Array(SLOTS * SLOT_BYTES).fill(POISON);
  readonly offsets = new Uint32Array(SLOTS);
  readonly lengths = new Uint32Array(SLOTS);
  readonly sources = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  readonly locals = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  readonly ecn = new Uint8Array(SLOTS);
  readonly timestampsMs = new Float64Array(SLOTS);

  /** Returns the arena of this thread. Only one of its memory sockets delivers at a time. */
  static shared(): PoisonedArena {
    return (shared ??= new PoisonedArena());
  }

  add(datagram: Uint8Array, source: Endpoint, local: Endpoint | undefined): void {
    const i = this.count++;
    this.offsets[i] = i * SLOT_BYTES + HEADROOM_BYTES;
    this.lengths[i] = datagram.length;
    this.bytes.set(datagram, this.offsets[i]);
    packEndpoint(source, this.sources, i * PACKED_ENDPOINT_BYTES);
    if (local) packEndpoint(local, this.locals, i * PACKED_ENDPOINT_BYTES);
  }

  poison(): void {
    for (let i = 0; i < this.count; i++) {
      const start = i * SLOT_BYTES;
      this.bytes.fill(POISON, start, start + HEADROOM_BYTES + (this.lengths[i] ?? 0) + TAILROOM_BYTES);
    }
    this.offsets.fill(0);
    this.lengths.fill(0);
    this.sources.fill(POISON);
    this.locals.fill(0);
    this.timestampsMs.fill(0);
    this.count = 0;
  }
}
