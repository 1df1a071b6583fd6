import type { DisconnectReason } from '../events.js';
import { FRAMES, roomForPacket, send } from './sending.js';
import type { SessionParts } from './session-parts.js';

/**
 * Ends a session: its keys are gone, its channel finds it among those that have ended, and the
 * program is told, unless it never heard of it. `closeReason` as in `LiveSession.end`.
 */
export function endSession(
  session: SessionParts,
  reason: DisconnectReason,
  closeReason: number | undefined,
  nowMs: number,
): void {
  const { shared, keys, requests, isOpen: wasOpen } = session;
  if (closeReason !== undefined && wasOpen) tellPeer(session, closeReason, nowMs);
  session.endReason = reason;
  shared.deadlines.remove(session);
  keys.retireAll();
  shared.ended.push(session);
  if (!wasOpen) return;
  for (const id of requests?.openIds() ?? []) shared.events.push({ kind: 'request-failed', session, id });
  shared.events.push({ kind: 'disconnected', session, reason });
}

function tellPeer(session: SessionParts, closeReason: number, nowMs: number): void {
  const { layer, out } = session.shared;
  const at = roomForPacket(session);
  const end = layer.writeClose(out.bytes, at + FRAMES, closeReason);
  if (end > 0) send(session, at, end, nowMs);
}
