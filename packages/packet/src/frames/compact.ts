/**
 * The compact datagram: the usual frame (docs/protocol.md, "Datagram, compact").
 *
 * ```
 *  0        4
 *  +--------+-------------- …
 *  | flow id| payload …
 *  +--------+-------------- …
 * ```
 *
 * Five bytes of framing, or seven if other frames follow it in the packet (sizeFrame).
 */
import { readU32, writeU32 } from '../integers.js';
import { encodeLastFrameHeader, FRAME, frameBodyOffset, LAST_FRAME_HEADER_BYTES } from './frame.js';

/** Bytes of a flow id. */
export const FLOW_ID_BYTES = 4;
/** Bit of a flow id: the server opened the flow. */
export const FLOW_OPENED_BY_SERVER = 1;
/** Bytes before the payload of a compact datagram that ends its packet. */
export const COMPACT_HEADER_BYTES = LAST_FRAME_HEADER_BYTES + FLOW_ID_BYTES;

/**
 * Writes the header of a compact datagram that ends its packet; the payload goes to the offset
 * returned. Throws a RangeError if there is no room.
 */
export function encodeCompactHeader(bytes: Uint8Array, offset: number, flowId: number): number {
  const body = encodeLastFrameHeader(bytes, offset, FRAME.compact, FLOW_ID_BYTES);
  writeU32(bytes, body, flowId);
  return body + FLOW_ID_BYTES;
}

/** The flow id of the compact datagram at `offset`, which {@link nextFrame} has let pass. */
export function compactFlowId(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, frameBodyOffset(bytes, offset));
}

/**
 * Where the payload of the compact datagram at `offset` begins; it ends where {@link nextFrame}
 * says.
 */
export function compactPayloadOffset(bytes: Uint8Array, offset: number): number {
  return frameBodyOffset(bytes, offset) + FLOW_ID_BYTES;
}
