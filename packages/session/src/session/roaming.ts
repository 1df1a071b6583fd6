/** How a session of the server follows its client to another path, which has to prove itself. */
import { sendPingWith } from './liveness.js';
import { FRAMES, newToken, roomForPacket, sendOn, wakeBy } from './sending.js';
import type { SessionParts } from './session-parts.js';

/**
 * The newest packet, of `packetBytes`, came on another path. Goes back there, and asks the address
 * to prove itself.
 */
export function moveTo(session: SessionParts, packed: Uint8Array, packetBytes: number, nowMs: number): void {
  const { path, shared } = session;
  const { layer, random, events } = shared;
  events.push({ kind: 'roamed', session });
  if (!layer.isAnswered) return path.settle(packed);
  path.move(packed, newToken(random), nowMs);
  path.received(packetBytes);
  // Should somebody have copied the packet: the peer, still where it was, answers this with a newer
  // one.
  if (path.fallback !== undefined) sendPingOn(session, path.fallback, nowMs);
  validate(session, nowMs);
}

/** The first packet came on another path than the handshake. */
export function beginAt(session: SessionParts, packed: Uint8Array, nowMs: number): void {
  const { path, shared } = session;
  if (!shared.layer.isAnswered) return path.settle(packed);
  path.begin(packed, newToken(shared.random), nowMs);
  wakeBy(session, nowMs);
}

/** Asks the present address to prove itself, if it is time, or returns to one that has. */
export function validate(session: SessionParts, nowMs: number): void {
  const { path } = session;
  const { challenge } = path;
  if (challenge === undefined) return;
  const due = path.due(nowMs);
  if (due === 'challenge') {
    wakeBy(session, path.nextChallengeMs);
    sendPingWith(session, challenge, nowMs);
  } else if (due === 'returned') {
    session.shared.events.push({ kind: 'roamed', session });
  }
}

function sendPingOn(session: SessionParts, path: Uint8Array, nowMs: number): void {
  const { layer, out, random } = session.shared;
  const at = roomForPacket(session);
  sendOn(session, path, at, layer.writePing(out.bytes, at + FRAMES, newToken(random), nowMs), nowMs);
}
