/**
 * The addressed datagram: a flow id and a UdpPacket (docs/protocol.md, "Datagram, addressed").
 * Opens a flow, and is used until the peer has acknowledged the flow.
 *
 * ```
 *  0        4
 *  +--------+-------------- …
 *  | flow id| UdpPacket …
 *  +--------+-------------- …
 * ```
 */
import type { PackedEndpoints } from '../endpoint/packed-endpoint.js';
import { readU32, writeU32 } from '../integers.js';
import {
  decodeUdpPacket,
  encodeUdpPacketHeader,
  MAX_UDP_PACKET_HEADER_BYTES,
  UdpPacketFields,
  udpPacketHeaderBytes,
} from '../udp-packet/udp-packet-header.js';
import { FLOW_ID_BYTES } from './compact.js';
import { encodeLastFrameHeader, FRAME, frameBodyOffset, frameEnd, LAST_FRAME_HEADER_BYTES } from './frame.js';

/** The most bytes before the payload of an addressed datagram that ends its packet. */
export const MAX_ADDRESSED_HEADER_BYTES = LAST_FRAME_HEADER_BYTES + FLOW_ID_BYTES + MAX_UDP_PACKET_HEADER_BYTES;

/** The fields that {@link decodeAddressed} fills in; make one and reuse it. */
export class AddressedFields extends UdpPacketFields {
  flowId = 0;
}

/** Bytes before the payload, for these endpoints. */
export function addressedHeaderBytes(endpoints: PackedEndpoints): number {
  return LAST_FRAME_HEADER_BYTES + FLOW_ID_BYTES + udpPacketHeaderBytes(endpoints);
}

/**
 * Writes the header of an addressed datagram that ends its packet; the payload of `payloadLength`
 * bytes goes to the offset returned. Scope ids are not sent. Throws a RangeError if there is no
 * room for the payload, or it is too long for UDP.
 */
export function encodeAddressedHeader(
  bytes: Uint8Array,
  offset: number,
  flowId: number,
  endpoints: PackedEndpoints,
  payloadLength: number,
): number {
  const body = encodeLastFrameHeader(bytes, offset, FRAME.addressed, FLOW_ID_BYTES);
  writeU32(bytes, body, flowId);
  return encodeUdpPacketHeader(bytes, body + FLOW_ID_BYTES, endpoints, payloadLength);
}

/**
 * Reads an addressed datagram. Returns the offset after it, or a drop code: those of {@link
 * nextFrame} and {@link decodeUdpPacket}.
 */
export function decodeAddressed(bytes: Uint8Array, offset: number, end: number, into: AddressedFields): number {
  const next = frameEnd(bytes, offset, end, FRAME.addressed);
  if (next < 0) return next;
  const body = frameBodyOffset(bytes, offset);
  into.flowId = readU32(bytes, body);
  return decodeUdpPacket(bytes, body + FLOW_ID_BYTES, next, into);
}
