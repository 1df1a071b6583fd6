/** Packets that wait for the turn of their client. */
import { copyPackedEndpoint, PACKED_ENDPOINT_BYTES, type DatagramBatch } from '@relay/packet';

/** The endpoints before a packet that waits. */
export const ENDPOINTS_BYTES = 2 * PACKED_ENDPOINT_BYTES;
const CHUNK_BYTES = 1 << 15;
const MAX_FREE_CHUNKS = 64;
/** So many packets that are done with are cut off at once. */
const MANY_DONE = 256;

/**
 * Memory for packets that wait. Neighbours lie in one chunk, so that what they bring leaves in one
 * call.
 */
class Chunk {
  readonly bytes: Uint8Array;
  end = 0;
  /** Packets in it that still wait. */
  waiting = 0;

  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
  }

  hasRoom(bytes: number): boolean {
    return this.end + bytes <= this.bytes.length;
  }
}

/**
 * Chunks that are used again when nothing in them waits any more: what their packets bring has left
 * before others can wait.
 */
export class Chunks {
  readonly #free: Chunk[] = [];

  take(bytes: number): Chunk {
    if (bytes > CHUNK_BYTES) return new Chunk(bytes);
    return this.#free.pop() ?? new Chunk(CHUNK_BYTES);
  }

  release(chunk: Chunk): void {
    chunk.end = 0;
    if (chunk.bytes.length === CHUNK_BYTES && this.#free.length < MAX_FREE_CHUNKS) this.#free.push(chunk);
  }
}

/** A packet that waits: within a chunk, behind its source and its local endpoint. */
export interface WaitingPacket {
  readonly chunk: Chunk;
  readonly offset: number;
  readonly length: number;
}

/** The packets of one client that wait. */
export class WaitingPackets {
  bytes = 0;
  /** Time that is left of its share, ms; less than 0: it took more. */
  leftMs = 0;
  #packets: WaitingPacket[] = [];
  #first = 0;
  readonly #chunks: Chunks;
  #chunk: Chunk | undefined;

  constructor(chunks: Chunks) {
    this.#chunks = chunks;
  }

  add({ bytes, offsets, lengths, sources, locals }: DatagramBatch, i: number): void {
    const offset = offsets[i] ?? 0;
    const length = ENDPOINTS_BYTES + (lengths[i] ?? 0);
    const chunk = this.#chunkFor(length);
    const [at, endpoint] = [chunk.end, i * PACKED_ENDPOINT_BYTES];
    copyPackedEndpoint(sources, endpoint, chunk.bytes, at);
    copyPackedEndpoint(locals, endpoint, chunk.bytes, at + PACKED_ENDPOINT_BYTES);
    chunk.bytes.set(bytes.subarray(offset, offset + length - ENDPOINTS_BYTES), at + ENDPOINTS_BYTES);
    this.#packets.push({ chunk, offset: at, length });
    this.bytes += length;
    chunk.end += length;
    chunk.waiting++;
  }

  /** The next packet, which waits no more. */
  next(): WaitingPacket | undefined {
    const packet = this.#packets[this.#first];
    if (packet === undefined) return undefined;
    const { chunk, length } = packet;
    this.#first++;
    this.bytes -= length;
    chunk.waiting--;
    if (chunk.waiting > 0) return packet;
    this.#chunks.release(chunk);
    if (chunk === this.#chunk) this.#chunk = undefined;
    return packet;
  }

  get isEmpty(): boolean {
    return this.#first >= this.#packets.length;
  }

  /** Forgets the packets that are done with, where they are many. */
  tidy(): void {
    if (this.#first < MANY_DONE) return;
    this.#packets = this.#packets.slice(this.#first);
    this.#first = 0;
  }

  #chunkFor(bytes: number): Chunk {
    if (this.#chunk?.hasRoom(bytes) !== true) this.#chunk = this.#chunks.take(bytes);
    return this.#chunk;
  }
}

/** A batch of one packet. */
export class SingleBatch implements DatagramBatch {
  readonly count = 1;
  bytes: Uint8Array = new Uint8Array(0);
  readonly offsets = new Uint32Array(1);
  readonly lengths = new Uint32Array(1);
  readonly sources = new Uint8Array(PACKED_ENDPOINT_BYTES);
  readonly locals = new Uint8Array(PACKED_ENDPOINT_BYTES);

  show({ chunk, offset, length }: WaitingPacket): this {
    const [local, start] = [offset + PACKED_ENDPOINT_BYTES, offset + ENDPOINTS_BYTES];
    this.bytes = chunk.bytes;
    this.offsets[0] = start;
    this.lengths[0] = length - ENDPOINTS_BYTES;
    copyPackedEndpoint(chunk.bytes, offset, this.sources, 0);
    copyPackedEndpoint(chunk.bytes, local, this.locals, 0);
    return this;
  }
}
