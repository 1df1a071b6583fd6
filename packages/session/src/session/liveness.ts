/** Whether what a session sends arrives: pings ask, and pongs and reports tell. */
import { encodePong, encodeReport, ReportFields, type PingFields } from '@relay/packet';
import { ask, FRAMES, newToken, reply, roomForPacket, wakeBy } from './sending.js';
import type { SessionParts } from './session-parts.js';

const report = new ReportFields();

/** Measures the round trip; where there are no pings, it keeps the session alive. */
export function sendPing(session: SessionParts, nowMs: number): void {
  sendPingWith(session, newToken(session.shared.random), nowMs);
}

/** `token`: 8 bytes, which the answer brings back. */
export function sendPingWith(session: SessionParts, token: Uint8Array, nowMs: number): void {
  const { out, layer } = session.shared;
  const at = roomForPacket(session);
  ask(session, at, layer.writePing(out.bytes, at + FRAMES, token, nowMs), nowMs);
}

/** Answers a ping that came on this packed path. */
export function sendPong(session: SessionParts, ping: PingFields, path: Uint8Array, nowMs: number): void {
  const { bytes } = session.shared.out;
  const at = roomForPacket(session);
  reply(session, at, encodePong(bytes, at + FRAMES, ping, 0, path), nowMs);
}

/** What was sent at `sentMs` has arrived. */
export function proven(session: SessionParts, sentMs: number): void {
  settle(session, session.watch.proven(sentMs));
}

/** What was sent with this counter has arrived, under the keys with this index of the peer's. */
export function provenByCounter(session: SessionParts, index: number, counter: number): void {
  if (index === session.keys.current?.peerIndex) settle(session, session.watch.provenByCounter(counter));
}

/** There is news of what has arrived: the watch may want to ask at another time. */
function settle(session: SessionParts, isRestored: boolean): void {
  wakeBy(session, session.watch.nextProbeMs);
  if (isRestored) session.shared.events.push({ kind: 'path-restored', session });
}

/** Asks, if it is time, and tells if the path is lost. */
export function probe(session: SessionParts, nowMs: number): void {
  const due = session.watch.probe(nowMs);
  if (due === 'nothing') return;
  if (due === 'lost') session.shared.events.push({ kind: 'path-lost', session });
  sendPing(session, nowMs);
}

/**
 * Reports, if it is time, what has arrived under the keys that seal; with a ping behind it: the
 * packet asks for a round trip anyway.
 */
export function reportIfDue(session: SessionParts, nowMs: number): void {
  const { shared, figures, keys } = session;
  if (nowMs < figures.nextReportMs) return;
  figures.reported();
  if (!shared.layer.isAnswered || keys.current === undefined) return;
  figures.measurements.writeReport(keys.current, report);
  const at = roomForPacket(session);
  const { bytes } = shared.out;
  const end = encodeReport(bytes, at + FRAMES, report);
  ask(session, at, shared.layer.writePing(bytes, end, newToken(shared.random), nowMs), nowMs);
}
