import type { Session } from './session.js';

/**
 * Takes a packet to send: `bytes[offset .. offset + length]` on the packed path at
 * `destination[destinationOffset]`. Copy or send it before returning.
 */
export type PacketSink = (
  bytes: Uint8Array,
  offset: number,
  length: number,
  destination: Uint8Array,
  destinationOffset: number,
) => void;

/**
 * Takes a relay frame (datagram, fragment, flow) of an opened packet: its type, and `bytes[offset
 * .. end]` from the type byte on. The bytes are valid, and may be written to, during the call.
 */
export type FrameSink = (
  session: Session,
  type: number,
  bytes: Uint8Array,
  offset: number,
  end: number,
  nowMs: number,
) => void;
