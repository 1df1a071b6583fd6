import type { FrameLayer } from './frame-layer.js';
import { sendPing } from './liveness.js';
import type { SessionParts } from './session-parts.js';

/** The type of the only frame of a packet. */
const OPAQUE_TYPE = -1;

/**
 * Packets without frames, as those of WireGuard: an empty one is a keepalive, any other is given to
 * the program whole. Nothing tells what has arrived.
 */
export const opaqueBytes: FrameLayer<SessionParts> = {
  isAnswered: false,
  next: (session, arrival, frame, nowMs) => {
    const { batch, at, end } = arrival;
    if (at === end) return false;
    arrival.at = end;
    session.acknowledgeInTime(nowMs);
    frame.show(session, OPAQUE_TYPE, batch.bytes, at, end);
    return true;
  },
  greet: sendPing,
  writePing: (_bytes, at) => at,
  writeClose: () => -1,
  // Indices tell nothing: a handshake renews whatever session there is.
  isRekey: () => false,
  isRenewal: () => true,
};
