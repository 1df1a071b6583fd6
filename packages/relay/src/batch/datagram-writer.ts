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
  FragmentFields,
  fragmentStart,
  MAX_FRAGMENTED_BYTES,
  MAX_PAYLOAD_BYTES,
  TRANSPORT_HEADER_BYTES,
  type PackedEndpoints,
} from '@relay/packet';
import type { Session } from '@relay/session';
import { Datagram } from '../datagram.js';
import type { Opening } from '../flow/flow.js';
import type { Traffic } from '../traffic.js';
import type { PacketBatch } from './packet-batch.js';

/** The part of a session that a writer needs. */
export type SealingSession = Pick<Session, 'maxFramesBytes' | 'packedPath' | 'seal'>;

/** The heading of a datagram: its flow, with the endpoints where the peer may not know it. */
export interface DatagramHeading {
  readonly id: number;
  readonly endpoints: Opening | undefined;
}

/**
 * Writes datagrams of flows as sealed packets into a batch: one packet each, or several where one
 * cannot hold it.
 */
export class DatagramWriter {
  readonly #batch: PacketBatch;
  readonly #header = new FragmentFields();
  /** A whole frame that is to be split; made at the first one. */
  #frame: Datagram | undefined;
  #nextFragmentId = 0;

  constructor(batch: PacketBatch) {
    this.#batch = batch;
  }

  /**
   * Writes a datagram. `traffic` counts it once it is sent. Returns 0, or a drop code, which is not
   * counted yet.
   */
  write(
    session: SealingSession,
    heading: DatagramHeading,
    datagram: Datagram,
    traffic: Traffic,
    nowMs: number,
  ): number {
    const { length } = datagram;
    if (length > MAX_PAYLOAD_BYTES) return DROP.tooLarge;
    const frameBytes = headerBytes(heading) + length;
    if (frameBytes > session.maxFramesBytes) {
      const frame = (this.#frame ??= new Datagram().show(new Uint8Array(MAX_FRAGMENTED_BYTES), 0, 0));
      writeFrame(frame.bytes, 0, heading, datagram);
      frame.length = frameBytes;
      return this.#fragment(session, frame, length, traffic, nowMs);
    }
    const batch = this.#batch;
    const at = batch.reserve(TRANSPORT_HEADER_BYTES + frameBytes + AEAD_TAG_BYTES);
    writeFrame(batch.bytes, at + TRANSPORT_HEADER_BYTES, heading, datagram);
    const packetBytes = session.seal(batch.bytes, at, frameBytes, nowMs);
    if (packetBytes < 0) return packetBytes;
    batch.add(packetBytes, session.packedPath, 0, traffic, length);
    return 0;
  }

  /** Writes a whole frame, which holds a payload of so many bytes, in pieces. */
  #fragment(
    session: SealingSession,
    { bytes, length: total }: Datagram,
    payloadBytes: number,
    traffic: Traffic,
    nowMs: number,
  ): number {
    const maxPieceBytes = session.maxFramesBytes - FRAGMENT_HEADER_BYTES;
    if (maxPieceBytes < 1) return DROP.tooLarge;
    const count = fragmentCount(total, maxPieceBytes);
    if (count < 0) return count;
    const header = this.#header;
    header.id = this.#nextFragmentId;
    header.total = total;
    header.count = count;
    this.#nextFragmentId = (header.id + 1) >>> 0;
    const batch = this.#batch;
    batch.reserve(TRANSPORT_HEADER_BYTES + session.maxFramesBytes + AEAD_TAG_BYTES);
    const droppedBefore = batch.dropped;
    for (let index = 0; index < count; index++) {
      const start = fragmentStart(total, count, index);
      const end = fragmentStart(total, count, index + 1);
      const framesBytes = FRAGMENT_HEADER_BYTES + end - start;
      const at = batch.reserve(TRANSPORT_HEADER_BYTES + framesBytes + AEAD_TAG_BYTES);
      if (batch.dropped > droppedBefore) return DROP.queueFull; // pieces are lost, so the rest is useless
      header.index = index;
      const piece = encodeFragmentHeader(batch.bytes, at + TRANSPORT_HEADER_BYTES, header);
      batch.bytes.set(bytes.subarray(start, end), piece);
      const packetBytes = session.seal(batch.bytes, at, framesBytes, nowMs);
      if (packetBytes < 0) return packetBytes;
      const isLast = index === count - 1;
      batch.add(packetBytes, session.packedPath, 0, isLast ? traffic : undefined, isLast ? payloadBytes : 0);
    }
    return 0;
  }
}

function headerBytes({ endpoints }: DatagramHeading): number {
  return endpoints === undefined ? COMPACT_HEADER_BYTES : addressedHeaderBytes(named(endpoints));
}

function writeFrame(
  into: Uint8Array,
  at: number,
  { id, endpoints }: DatagramHeading,
  { bytes, offset, length }: Datagram,
): void {
  const payload =
    endpoints === undefined
      ? encodeCompactHeader(into, at, id)
      : encodeAddressedHeader(into, at, id, named(endpoints), length);
  into.set(bytes.subarray(offset, offset + length), payload);
}

/** The endpoints as a packet names them: valid until the next call. */
function named({ source, target }: Opening): PackedEndpoints {
  endpointsOfPacket.source = source;
  endpointsOfPacket.destination = target;
  return endpointsOfPacket;
}

const endpointsOfPacket: { source: Uint8Array; destination: Uint8Array } = {
  source: new Uint8Array(0),
  destination: new Uint8Array(0),
};
