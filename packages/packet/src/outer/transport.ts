/**
 * Type 4: encrypted frames (docs/protocol.md, "Transport").
 *
 * ```
 *  0        1        4                8                16            16 + n      32 + n
 *  +--------+--------+----------------+----------------+------------+-----------+
 *  | 4      | zero   | receiver index | counter        | frames (n) | tag       |
 *  +--------+--------+----------------+----------------+------------+-----------+
 * ```
 */
import { readU32, readU64, writeU32, writeU64 } from '../integers.js';
import { PACKET, TRANSPORT_HEADER_BYTES, writePacketType } from './packet-type.js';

/** Where the fields are in a transport packet. */
export const TRANSPORT_OFFSET = { receiverIndex: 4, counter: 8, frames: 16 } as const;

/**
 * Writes the header. Returns the offset of the frames. Throws a RangeError if there is no room for
 * it. `counter` is below COUNTER_LIMIT.
 */
export function encodeTransportHeader(
  bytes: Uint8Array,
  offset: number,
  receiverIndex: number,
  counter: number,
): number {
  writePacketType(bytes, offset, PACKET.transport, TRANSPORT_HEADER_BYTES);
  writeU32(bytes, offset + TRANSPORT_OFFSET.receiverIndex, receiverIndex);
  writeU64(bytes, offset + TRANSPORT_OFFSET.counter, counter);
  return offset + TRANSPORT_HEADER_BYTES;
}

/** The receiver index of the transport packet at `offset`, which packetType has let pass. */
export function transportReceiverIndex(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + TRANSPORT_OFFSET.receiverIndex);
}

/** The counter of the transport packet at `offset`, which packetType has let pass. */
export function transportCounter(bytes: Uint8Array, offset: number): number {
  return readU64(bytes, offset + TRANSPORT_OFFSET.counter);
}
