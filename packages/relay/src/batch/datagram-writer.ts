import {
  AEAD_TAG_BYTES,
  addressedHeaderBytes,
  COMPACT_HEADER_BYTES,
  DROP,
  encodeAddressedHeader,
  encodeCompactHeader,
  encodeFragmentHeader,
  FRAGMENT_HEADER_BYTES,
  fragmentCount,
  fragmentStart,
  MAX_FRAGMENTED_BYTES,
  MAX_PAYLOAD_BYTES,
  TRANSPORT_HEADER_BYTES,
} from '@relay/packet';
import type { Session } from '@relay/session';
import type { PacketBatch } from './packet-batch.js';
import type { Traffic } from '../traffic.js';

/** What a datagram is written for: the flow's endpoints are sent along as long as `isAddressed`. */
export interface DatagramFlow {
  readonly id: number;
  readonly source: Uint8Array;
  readonly target: Uint8Array;
}

/**
 * Writes datagrams of flows as sealed packets into a batch: one packet each, or several where one
 * cannot hold it.
 */
export class DatagramWriter {
  readonly #batch: PacketBatch;
  /** A whole frame that is to be split; made at the first one. */
  #frame: Uint8Array | undefined;
  #nextFragmentId = 0;

  constructor(batch: PacketBatch) {
    this.#batch = batch;
  }

  /**
   * Writes the datagram `bytes[offset .. offset + length]`, addressed if a flow with endpoints is
   * given, otherwise compact. `traffic` counts it once it is sent. Returns 0, or the code of the
   * reason why it is dropped (not yet counted).
   */
  write(
    session: Session,
    id: number,
    addressed: DatagramFlow | undefined,
    bytes: Uint8Array,
    offset: number,
    length: number,
    nowMs: number,
    traffic: Traffic,
  ): number {
    if (length > MAX_PAYLOAD_BYTES) return DROP.tooLarge;
    const headerBytes =
      addressed === undefined ? COMPACT_HEADER_BYTES : addressedHeaderBytes(addressed.source, 0, addressed.target, 0);
    const frameBytes = headerBytes + length;
    if (frameBytes > session.maxFramesBytes) {
      const frame = (this.#frame ??= new Uint8Array(MAX_FRAGMENTED_BYTES));
      writeFrame(frame, 0, id, addressed, bytes, offset, length);
      return this.#fragment(session, frame, frameBytes, nowMs, traffic, length);
    }
    const batch = this.#batch;
    const at = batch.reserve(TRANSPORT_HEADER_BYTES + frameBytes + AEAD_TAG_BYTES);
    writeFrame(batch.bytes, at + TRANSPORT_HEADER_BYTES, id, addressed, bytes, offset, length);
    const packetBytes = session.seal(batch.bytes, at, frameBytes, nowMs);
    if (packetBytes < 0) return packetBytes;
    batch.add(packetBytes, session.packedPath, 0, traffic, length);
    return 0;
  }

  #fragment(
    session: Session,
    frame: Uint8Array,
    total: number,
    nowMs: number,
    traffic: Traffic,
    payloadBytes: number,
  ): number {
    const maxPieceBytes = session.maxFramesBytes - FRAGMENT_HEADER_BYTES;
    if (maxPieceBytes < 1) return DROP.tooLarge;
    const count = fragmentCount(total, maxPieceBytes);
    if (count < 0) return count;
    const id = this.#nextFragmentId;
    this.#nextFragmentId = (id + 1) >>> 0;
    const batch = this.#batch;
    batch.reserve(TRANSPORT_HEADER_BYTES + session.maxFramesBytes + AEAD_TAG_BYTES);
    const droppedBefore = batch.dropped;
    for (let index = 0; index < count; index++) {
      const start = fragmentStart(total, count, index);
      const end = fragmentStart(total, count, index + 1);
      const framesBytes = FRAGMENT_HEADER_BYTES + end - start;
      const at = batch.reserve(TRANSPORT_HEADER_BYTES + framesBytes + AEAD_TAG_BYTES);
      if (batch.dropped > droppedBefore) return DROP.queueFull; // pieces are lost: the rest would be in vain
      const piece = encodeFragmentHeader(batch.bytes, at + TRANSPORT_HEADER_BYTES, id, total, index, count);
      batch.bytes.set(frame.subarray(start, end), piece);
      const packetBytes = session.seal(batch.bytes, at, framesBytes, nowMs);
      if (packetBytes < 0) return packetBytes;
      const isLast = index === count - 1;
      batch.add(packetBytes, session.packedPath, 0, isLast ? traffic : undefined, isLast ? payloadBytes : 0);
    }
    return 0;
  }
}

function writeFrame(
  into: Uint8Array,
  at: number,
  id: number,
  addressed: DatagramFlow | undefined,
  bytes: Uint8Array,
  offset: number,
  length: number,
): void {
  const payload =
    addressed === undefined
      ? encodeCompactHeader(into, at, id)
      : encodeAddressedHeader(into, at, id, addressed.source, 0, addressed.target, 0, length);
  into.set(bytes.subarray(offset, offset + length), payload);
}
