/** Frames by which two ends measure what lies between them: pings, pongs and reports. */
import { decodePing, decodePong, decodeReport, PingFields, PongFields, ReportFields } from '@relay/packet';
import type { Arrival } from './arrival.js';
import { proven, provenByCounter, sendPong } from './liveness.js';
import type { SessionParts } from './session-parts.js';
import { mayCause, refuse } from './sending.js';
import { WORK } from './work.js';

type Arrived = Arrival<SessionParts>;

// Decoders fill these in; none of them is used after the call that filled it.
const ping = new PingFields();
const pong = new PongFields();
const report = new ReportFields();

export function receivePing(session: SessionParts, arrival: Arrived, at: number, next: number, nowMs: number): number {
  if (arrival.isPingAnswered) return refuse(session, next);
  if (!mayCause(session, WORK.ping, nowMs)) return next;
  const result = decodePing(arrival.batch.bytes, at, next, ping);
  if (result < 0) return result;
  arrival.isPingAnswered = true;
  session.figures.measurements.pingArrived(ping.timeUs / 1000, nowMs);
  sendPong(session, ping, arrival.path, nowMs);
  return result;
}

export function receivePong(session: SessionParts, arrival: Arrived, at: number, next: number, nowMs: number): number {
  if (!mayCause(session, WORK.note, nowMs)) return next;
  const result = decodePong(arrival.batch.bytes, at, next, pong);
  if (result < 0) return result;
  const roundTripMs = nowMs - pong.timeUs / 1000 - pong.delayUs / 1000;
  if (roundTripMs >= 0 && roundTripMs < LONGEST_ROUND_TRIP_MS) session.figures.measurements.pongArrived(roundTripMs);
  session.observedEndpoint = session.shared.role === 'client' ? pong.observed.slice() : undefined;
  proven(session, pong.timeUs / 1000);
  if (session.path.answered(pong.token, arrival.batch, arrival.i))
    session.shared.events.push({ kind: 'path-validated', session });
  session.shared.events.push({ kind: 'pong', session, roundTripMs });
  return result;
}

/** Pongs that come later than this are from another time. */
const LONGEST_ROUND_TRIP_MS = 60_000;

export function receiveReport(
  session: SessionParts,
  arrival: Arrived,
  at: number,
  next: number,
  nowMs: number,
): number {
  if (!mayCause(session, WORK.note, nowMs)) return next;
  const result = decodeReport(arrival.batch.bytes, at, next, report);
  if (result < 0) return result;
  session.figures.measurements.reportArrived(report);
  provenByCounter(session, report.index, report.highest);
  return result;
}
