import { copyPackedEndpoint, DROP, PACKED_ENDPOINT_BYTES } from '@relay/packet';
import { OFFSET_PATH_LOCAL } from '@relay/session';
import type { Traffic } from '../traffic.js';

/**
 * The most packets that wait for one send: as many as the kernel takes in one call, and some more.
 */
const SLOTS = 64;
/** Room for 64 packets of Ethernet's size; larger ones fill it sooner. */
const ARENA_BYTES = SLOTS * 2048;

/**
 * Sends a batch. Returns how many of its datagrams, from the first on, were taken.
 * `UdpSocket.sendBatch` is one.
 */
export type BatchSender = (batch: PacketBatch) => number;

/**
 * Packets on their way out, packed one behind another in one buffer, so that equal-sized ones to
 * one destination can leave in a single segmented send. It has the shape of a `SendBatch` of
 * @relay/socket.
 */
export class PacketBatch {
  readonly bytes = new Uint8Array(ARENA_BYTES);
  readonly offsets = new Uint32Array(SLOTS);
  readonly lengths = new Uint32Array(SLOTS);
  readonly destinations = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  readonly locals = new Uint8Array(SLOTS * PACKED_ENDPOINT_BYTES);
  readonly tags = new Uint32Array(SLOTS);
  count = 0;
  /** How many packets were not taken so far. */
  dropped = 0;
  readonly #send: BatchSender;
  readonly #traffic: (Traffic | undefined)[] = new Array<Traffic | undefined>(SLOTS).fill(undefined);
  readonly #payloadBytes = new Uint32Array(SLOTS);
  #end = 0;

  constructor(send: BatchSender) {
    this.#send = send;
  }

  /**
   * Returns the offset at which a packet of up to `length` bytes, at most 128 KiB, may be written.
   * Sends the packets that wait if there is no room.
   */
  reserve(length: number): number {
    if (this.count === SLOTS || this.#end + length > ARENA_BYTES) this.flush();
    return this.#end;
  }

  /**
   * Adds the packet that now lies at the reserved offset, to be sent on the packed path at
   * `destination`. `traffic`, where given, counts a datagram of `payloadBytes` as sent when the
   * packet is taken, and as dropped when it is not.
   */
  add(length: number, destination: Uint8Array, destinationOffset: number, traffic?: Traffic, payloadBytes = 0): void {
    const slot = this.count++;
    this.offsets[slot] = this.#end;
    this.lengths[slot] = length;
    const at = slot * PACKED_ENDPOINT_BYTES;
    copyPackedEndpoint(destination, destinationOffset, this.destinations, at);
    copyPackedEndpoint(destination, destinationOffset + OFFSET_PATH_LOCAL, this.locals, at);
    this.tags[slot] = traffic?.tag ?? 0;
    this.#traffic[slot] = traffic;
    this.#payloadBytes[slot] = payloadBytes;
    this.#end += length;
  }

  /** Copies a finished packet into the batch, to be sent on the packed path at `destination`. */
  addCopy(bytes: Uint8Array, offset: number, length: number, destination: Uint8Array, destinationOffset: number): void {
    const at = this.reserve(length);
    this.bytes.set(bytes.subarray(offset, offset + length), at);
    this.add(length, destination, destinationOffset);
  }

  /** Sends the packets that wait. */
  flush(): void {
    if (this.count === 0) return;
    const taken = this.#send(this);
    this.dropped += this.count - taken;
    for (let slot = 0; slot < this.count; slot++) {
      const traffic = this.#traffic[slot];
      if (slot < taken) traffic?.sent(this.#payloadBytes[slot] ?? 0);
      else traffic?.dropped(DROP.queueFull);
    }
    this.count = 0;
    this.#end = 0;
  }
}
