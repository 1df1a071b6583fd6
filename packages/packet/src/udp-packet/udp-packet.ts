import { dropReasonOf, type DropReason } from '../drop-reason.js';
import { isMapped } from '../endpoint/address.js';
import type { Endpoint } from '../endpoint/endpoint.js';
import {
  packEndpoint,
  PACKED_ENDPOINT_BYTES,
  unpackEndpoint,
  type PackedEndpoints,
} from '../endpoint/packed-endpoint.js';
import { copyBytes, equalBytes } from '../integers.js';
import { PacketError } from '../packet-error.js';
import {
  checkUdpPacket,
  MAX_PAYLOAD_BYTES,
  NO_TIMESTAMP,
  readUdpPacketDestination,
  readUdpPacketSource,
  TIMESTAMP_LIMIT_US,
  udpPacketHeaderBytes,
  udpPacketTimestampUs,
  writeUdpPacketHeader,
} from './udp-packet-header.js';

/** The parts of a {@link UdpPacket}. */
export interface UdpPacketInit {
  /** The sender of the datagram. With port 0 it wants no answer. */
  readonly source: Endpoint;
  /** The receiver of the datagram; the port is not 0. */
  readonly destination: Endpoint;
  /** 0 to 65,507 bytes. Not copied. */
  readonly payload: Uint8Array;
  /** When it was sent or captured, milliseconds since 1970; kept to the microsecond. */
  readonly timestampMs?: number | undefined;
}

/** The record that `UdpPacket.toJSON` returns. */
export interface UdpPacketRecord {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  /** Hexadecimal. */
  readonly payload: string;
  readonly timestampMs: number | undefined;
}

/**
 * One UDP datagram with both its endpoints: a relay passes it on, and captures, queues, tests and
 * other transports keep it in this form. It is immutable, but it does not copy: a deserialised
 * packet is a view of its bytes, and a packet made from parts keeps their payload. A caller that
 * uses these bytes for something else gives the packet a copy (`new Uint8Array(bytes)`). See
 * docs/protocol.md, "UdpPacket".
 */
export class UdpPacket {
  /** Begins with the serialised header; the payload follows it, or is in `#payload`. */
  readonly #header: Uint8Array;
  readonly #headerBytes: number;
  readonly #payloadBytes: number;
  // Made when they are first asked for.
  #payload: Uint8Array | undefined;
  #source: Endpoint | undefined;
  #destination: Endpoint | undefined;

  private constructor(header: Uint8Array, headerBytes: number, payloadBytes: number, payload: Uint8Array | undefined) {
    this.#header = header;
    this.#headerBytes = headerBytes;
    this.#payloadBytes = payloadBytes;
    this.#payload = payload;
  }

  /**
   * Makes a packet; addresses become canonical. Throws a {@link PacketError} with the reason:
   * bad-endpoint (no address, a zone, no port, destination port 0), too-large (the payload),
   * bad-value (the timestamp).
   */
  static from({ source, destination, payload, timestampMs }: UdpPacketInit): UdpPacket {
    pack(source, 'source', scratch.source);
    pack(destination, 'destination', scratch.destination);
    if (destination.port === 0) throw new PacketError('UdpPacket', 'bad-endpoint', 'destination port 0');
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new PacketError('UdpPacket', 'too-large', `${payload.length} bytes of payload`);
    }
    const timestampUs = timestampMs === undefined ? NO_TIMESTAMP : microseconds(timestampMs);
    if (timestampMs !== undefined && !(timestampUs >= 0 && timestampUs < TIMESTAMP_LIMIT_US)) {
      throw new PacketError('UdpPacket', 'bad-value', `timestamp ${timestampMs}`);
    }
    const header = new Uint8Array(udpPacketHeaderBytes(scratch, timestampUs));
    writeUdpPacketHeader(header, 0, scratch, payload.length, timestampUs);
    return new UdpPacket(header, header.length, payload.length, payload);
  }

  /**
   * Reads a packet that fills `bytes` exactly, and is a view of them. Throws a {@link PacketError}
   * with the reason, as {@link decodeUdpPacket} gives it.
   */
  static deserialize(bytes: Uint8Array): UdpPacket {
    const result = UdpPacket.tryDeserialize(bytes);
    if (typeof result === 'string') throw new PacketError('UdpPacket', result);
    return result;
  }

  /**
   * As {@link deserialize}, but returns the reason instead of throwing: for bytes from the network.
   */
  static tryDeserialize(bytes: Uint8Array): UdpPacket | DropReason {
    const payloadOffset = checkUdpPacket(bytes, 0, bytes.length);
    if (payloadOffset < 0) return dropReasonOf(payloadOffset);
    return new UdpPacket(bytes, payloadOffset, bytes.length - payloadOffset, undefined);
  }

  /** The reason why these bytes are no serialised packet, or undefined if they are one. */
  static validate(bytes: Uint8Array): DropReason | undefined {
    const payloadOffset = checkUdpPacket(bytes, 0, bytes.length);
    return payloadOffset < 0 ? dropReasonOf(payloadOffset) : undefined;
  }

  /** The sender of the datagram. */
  get source(): Endpoint {
    if (this.#source === undefined) {
      readUdpPacketSource(this.#header, 0, scratch.source, 0);
      this.#source = unpackEndpoint(scratch.source, 0);
    }
    return this.#source;
  }

  /** The receiver of the datagram. */
  get destination(): Endpoint {
    if (this.#destination === undefined) {
      readUdpPacketDestination(this.#header, 0, scratch.destination, 0);
      this.#destination = unpackEndpoint(scratch.destination, 0);
    }
    return this.#destination;
  }

  /** 0 to 65,507 bytes. */
  get payload(): Uint8Array {
    return (this.#payload ??= this.#header.subarray(this.#headerBytes));
  }

  /**
   * When it was sent or captured, milliseconds since 1970 to the microsecond; undefined if the
   * packet has no timestamp.
   */
  get timestampMs(): number | undefined {
    const timestampUs = udpPacketTimestampUs(this.#header, 0, this.#headerBytes);
    return timestampUs === NO_TIMESTAMP ? undefined : timestampUs / 1000;
  }

  /** Bytes of the serialised packet. */
  get size(): number {
    return this.#headerBytes + this.#payloadBytes;
  }

  /**
   * The packet as bytes of its own. Those of small packets share an ArrayBuffer, as small Buffers
   * of Node.js do.
   */
  serialize(): Uint8Array {
    const bytes = takeBytes(this.size);
    if (this.#header.length > this.#headerBytes || this.#payload === undefined) {
      bytes.set(this.#header);
    } else {
      copyBytes(this.#header, 0, bytes, 0, this.#headerBytes);
      bytes.set(this.#payload, this.#headerBytes);
    }
    return bytes;
  }

  /** Whether both carry the same payload between the same endpoints with the same timestamp. */
  equals(other: UdpPacket): boolean {
    return (
      this.#headerBytes === other.#headerBytes &&
      this.#payloadBytes === other.#payloadBytes &&
      equalBytes(this.#header, 0, other.#header, 0, this.#headerBytes) &&
      equalBytes(this.payload, 0, other.payload, 0, this.#payloadBytes)
    );
  }

  /** The packet as a plain object, for logs and captures as text. */
  toJSON(): UdpPacketRecord {
    const payload = Array.from(this.payload, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { source: this.source, destination: this.destination, payload, timestampMs: this.timestampMs };
  }
}

// Nothing stays in it from one call to the next.
const scratch: PackedEndpoints = {
  source: new Uint8Array(PACKED_ENDPOINT_BYTES),
  destination: new Uint8Array(PACKED_ENDPOINT_BYTES),
};

/**
 * A new ArrayBuffer costs half a microsecond, so small packets take their bytes from a common one,
 * each byte once.
 */
const POOL_BYTES = 16_384;
const POOLED_BYTES = POOL_BYTES / 8;
let pool = new Uint8Array(0);
let poolUsed = 0;

function takeBytes(length: number): Uint8Array {
  if (length > POOLED_BYTES) return new Uint8Array(length);
  if (poolUsed + length > pool.length) {
    pool = new Uint8Array(POOL_BYTES);
    poolUsed = 0;
  }
  const bytes = new Uint8Array(pool.buffer, poolUsed, length);
  poolUsed += length;
  return bytes;
}

function pack(endpoint: Endpoint, role: string, packed: Uint8Array): void {
  try {
    packEndpoint(endpoint, packed, 0);
  } catch (error) {
    throw new PacketError('UdpPacket', 'bad-endpoint', `${role}: ${String(error)}`);
  }
  // A zone means something on one host only.
  if (!isMapped(packed, 0) && endpoint.address.includes('%'))
    throw new PacketError('UdpPacket', 'bad-endpoint', `${role} has a zone`);
}

/**
 * The fraction is rounded apart from the whole, whose product with 1000 would lose what a number
 * can hold.
 */
function microseconds(timestampMs: number): number {
  const whole = Math.floor(timestampMs);
  return whole * 1000 + Math.round((timestampMs - whole) * 1000);
}
