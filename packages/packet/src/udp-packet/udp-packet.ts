import { dropReasonOf, type DropReason } from '../drop-reason.js';
import { canonicalEndpoint, equalEndpoints, type Endpoint } from '../endpoint/endpoint.js';
import { packEndpoint, PACKED_ENDPOINT_BYTES, unpackEndpoint } from '../endpoint/packed-endpoint.js';
import { equalBytes } from '../integers.js';
import { PacketError } from '../packet-error.js';
import {
  decodeUdpPacket,
  encodeUdpPacketHeader,
  MAX_PAYLOAD_BYTES,
  NO_TIMESTAMP,
  TIMESTAMP_LIMIT_US,
  udpPacketHeaderBytes,
  UdpPacketFields,
} from './udp-packet-header.js';

/** What a {@link UdpPacket} is made from. */
export interface UdpPacketInit {
  /** Who sent the datagram. Port 0 says that it wants no answer. */
  readonly source: Endpoint;
  /** Whom it is for; the port is not 0. */
  readonly destination: Endpoint;
  /** 0 to 65,507 bytes. Not copied. */
  readonly payload: Uint8Array;
  /** When it was sent or captured, milliseconds since 1970; kept to the microsecond. */
  readonly timestampMs?: number | undefined;
}

/**
 * One UDP datagram with both its endpoints: what a relay passes on, and a form for captures, queues, tests and other transports.
 * Immutable but for the bytes of the payload, which it does not copy. See docs/protocol.md, "UdpPacket".
 */
export class UdpPacket {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly payload: Uint8Array;
  readonly timestampMs: number | undefined;

  private constructor(init: UdpPacketInit) {
    this.source = init.source;
    this.destination = init.destination;
    this.payload = init.payload;
    this.timestampMs = init.timestampMs;
  }

  /** Makes a packet; addresses become canonical. Throws a {@link PacketError} that names what is wrong, as {@link validate} does. */
  static from(init: UdpPacketInit): UdpPacket {
    const { payload, timestampMs } = init;
    const packet = new UdpPacket({
      source: canonical(init.source, 'source'),
      destination: canonical(init.destination, 'destination'),
      payload,
      timestampMs: timestampMs === undefined ? undefined : microseconds(timestampMs) / 1000,
    });
    packet.validate();
    return packet;
  }

  /** Reads a packet that fills `bytes` exactly. The payload is a view of `bytes`. Throws a {@link PacketError} with the reason. */
  static deserialize(bytes: Uint8Array): UdpPacket {
    const result = UdpPacket.tryDeserialize(bytes);
    if (typeof result === 'string') throw new PacketError('UdpPacket', result);
    return result;
  }

  /** As {@link deserialize}, but returns the reason instead of throwing: for bytes from the network. */
  static tryDeserialize(bytes: Uint8Array): UdpPacket | DropReason {
    const fields = new UdpPacketFields();
    const end = decodeUdpPacket(bytes, 0, bytes.length, fields);
    if (end < 0) return dropReasonOf(end);
    return new UdpPacket({
      source: unpackEndpoint(fields.source, 0),
      destination: unpackEndpoint(fields.destination, 0),
      payload: bytes.subarray(fields.payloadOffset, fields.payloadOffset + fields.payloadLength),
      timestampMs: fields.timestampUs === NO_TIMESTAMP ? undefined : fields.timestampUs / 1000,
    });
  }

  /** Bytes of the serialised packet. */
  get size(): number {
    const { source, destination } = this.#packed();
    return udpPacketHeaderBytes(source, 0, destination, 0, this.#timestampUs) + this.payload.length;
  }

  /** The packet as new bytes. */
  serialize(): Uint8Array {
    const { source, destination } = this.#packed();
    const timestampUs = this.#timestampUs;
    const bytes = new Uint8Array(udpPacketHeaderBytes(source, 0, destination, 0, timestampUs) + this.payload.length);
    const at = encodeUdpPacketHeader(bytes, 0, source, 0, destination, 0, this.payload.length, timestampUs);
    bytes.set(this.payload, at);
    return bytes;
  }

  /** Throws a {@link PacketError} where the packet could not be sent: endpoints, ports, zone ids, size or timestamp. */
  validate(): void {
    for (const [role, endpoint] of [
      ['source', this.source],
      ['destination', this.destination],
    ] as const) {
      canonical(endpoint, role);
      if (endpoint.address.includes('%')) throw new PacketError('UdpPacket', 'bad-endpoint', `${role} has a zone`);
    }
    if (this.destination.port === 0) throw new PacketError('UdpPacket', 'bad-endpoint', 'destination port 0');
    if (this.payload.length > MAX_PAYLOAD_BYTES) {
      throw new PacketError('UdpPacket', 'too-large', `${this.payload.length} bytes of payload`);
    }
    if (this.timestampMs !== undefined && !isTimestamp(this.timestampMs)) {
      throw new PacketError('UdpPacket', 'bad-value', `timestamp ${this.timestampMs}`);
    }
  }

  /** Whether both carry the same payload between the same endpoints with the same timestamp. */
  equals(other: UdpPacket): boolean {
    return (
      this.timestampMs === other.timestampMs &&
      this.payload.length === other.payload.length &&
      equalEndpoints(this.source, other.source) &&
      equalEndpoints(this.destination, other.destination) &&
      equalBytes(this.payload, 0, other.payload, 0, this.payload.length)
    );
  }

  get #timestampUs(): number {
    return this.timestampMs === undefined ? NO_TIMESTAMP : microseconds(this.timestampMs);
  }

  #packed(): { source: Uint8Array; destination: Uint8Array } {
    const source = new Uint8Array(PACKED_ENDPOINT_BYTES);
    const destination = new Uint8Array(PACKED_ENDPOINT_BYTES);
    packEndpoint(this.source, source, 0);
    packEndpoint(this.destination, destination, 0);
    return { source, destination };
  }
}

function canonical(endpoint: Endpoint, role: string): Endpoint {
  try {
    return canonicalEndpoint(endpoint);
  } catch (error) {
    throw new PacketError('UdpPacket', 'bad-endpoint', `${role}: ${String(error)}`);
  }
}

function isTimestamp(timestampMs: number): boolean {
  const timestampUs = microseconds(timestampMs);
  return timestampUs >= 0 && timestampUs < TIMESTAMP_LIMIT_US;
}

/** The fraction is rounded apart from the whole, whose product with 1000 would lose what a number can hold. */
function microseconds(timestampMs: number): number {
  const whole = Math.floor(timestampMs);
  return whole * 1000 + Math.round((timestampMs - whole) * 1000);
}
