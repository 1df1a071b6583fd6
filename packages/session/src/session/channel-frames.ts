/** What is done with each frame of an opened packet that is the session's own. */
import {
  AnswerFields,
  CLOSE,
  CloseFields,
  decodeAnswer,
  decodeClose,
  decodeGoAway,
  decodeParameters,
  decodePing,
  decodePong,
  decodeReport,
  decodeRequest,
  FRAME,
  FRAME_LAYER_VERSION,
  PingFields,
  PongFields,
  ReportFields,
  REQUEST,
  RequestFields,
  SessionParameters,
  STATUS,
} from '@relay/packet';
import type { DisconnectReason } from '../events.js';
import type { Arrival } from './arrival.js';
import type { LiveSession } from './live-session.js';
import { sendAnswer, sendPong } from './own-frames.js';

type Arrived = Arrival<LiveSession>;

/** Whether a frame of this type is not the session's but the relay's: for the program. */
export function isOfRelay(type: number): boolean {
  switch (type) {
    case FRAME.compact:
    case FRAME.addressed:
    case FRAME.fragment:
    case FRAME.flowAcknowledge:
    case FRAME.flowClose:
    case FRAME.flowUnknown:
      return true;
    default:
      return false;
  }
}

/**
 * Handles the frame of the session at `at`, which ends at `next`. Returns less than 0 if it is
 * malformed.
 */
export function receiveFrame(arrival: Arrived, type: number, at: number, next: number, nowMs: number): number {
  const { keys } = arrival;
  if (keys === undefined) return next;
  const session = keys.owner;
  switch (type) {
    case FRAME.ping:
      return receivePing(session, arrival, at, next, nowMs);
    case FRAME.pong:
      return receivePong(session, arrival, at, next, nowMs);
    case FRAME.report:
      return receiveReport(session, arrival, at, next);
    case FRAME.parameters:
      return receiveParameters(session, arrival, at, next, nowMs);
    case FRAME.close:
      return receiveClose(session, arrival, at, next, nowMs);
    case FRAME.request:
      return receiveRequest(session, arrival, at, next, nowMs);
    case FRAME.answer:
      return receiveAnswer(session, arrival, at, next);
    default:
      // Padding, and what later versions may add: nextFrame has refused everything else.
      return next;
  }
}

// Decoders fill these in; none of them is used after the call that filled it.
const ping = new PingFields();
const pong = new PongFields();
const report = new ReportFields();
const close = new CloseFields();
const request = new RequestFields();
const answer = new AnswerFields();

function receivePing(session: LiveSession, arrival: Arrived, at: number, next: number, nowMs: number): number {
  const result = decodePing(arrival.batch.bytes, at, next, ping);
  if (result < 0) return result;
  session.measurements.pingArrived(ping.timeUs / 1000, nowMs);
  sendPong(session, ping, arrival.path, nowMs);
  return result;
}

function receivePong(session: LiveSession, arrival: Arrived, at: number, next: number, nowMs: number): number {
  const result = decodePong(arrival.batch.bytes, at, next, pong);
  if (result < 0) return result;
  const roundTripMs = nowMs - pong.timeUs / 1000 - pong.delayUs / 1000;
  if (roundTripMs >= 0 && roundTripMs < LONGEST_ROUND_TRIP_MS) session.measurements.pongArrived(roundTripMs);
  session.observedEndpoint = session.shared.role === 'client' ? pong.observed.slice() : undefined;
  session.proven(pong.timeUs / 1000);
  if (session.path.answered(pong.token, arrival.batch, arrival.i)) session.emit({ kind: 'path-validated', session });
  session.emit({ kind: 'pong', session, roundTripMs });
  return result;
}

/** Pongs that come later than this are from another time. */
const LONGEST_ROUND_TRIP_MS = 60_000;

function receiveReport(session: LiveSession, arrival: Arrived, at: number, next: number): number {
  const result = decodeReport(arrival.batch.bytes, at, next, report);
  if (result < 0) return result;
  session.measurements.reportArrived(report);
  session.provenByCounter(report.index, report.highest);
  return result;
}

function receiveParameters(session: LiveSession, arrival: Arrived, at: number, next: number, nowMs: number): number {
  const parameters = new SessionParameters();
  const result = decodeParameters(arrival.batch.bytes, at, next, parameters);
  if (result < 0) return result;
  if (parameters.version !== FRAME_LAYER_VERSION) {
    session.end('version', CLOSE.version, nowMs);
    return result;
  }
  const isFirst = session.peerParameters === undefined;
  if (arrival.keys !== undefined) session.parametersArrived(arrival.keys, parameters, nowMs);
  if (isFirst) session.emit({ kind: 'parameters', session });
  return result;
}

function receiveClose(session: LiveSession, arrival: Arrived, at: number, next: number, nowMs: number): number {
  const result = decodeClose(arrival.batch.bytes, at, next, close);
  if (result >= 0) session.end(DISCONNECT_REASONS.get(close.reason) ?? 'closed-by-peer', undefined, nowMs);
  return result;
}

const DISCONNECT_REASONS: ReadonlyMap<number, DisconnectReason> = new Map<number, DisconnectReason>([
  [CLOSE.shutdown, 'shutdown'],
  [CLOSE.protocolError, 'protocol-error'],
  [CLOSE.version, 'version'],
  [CLOSE.revoked, 'revoked'],
  [CLOSE.expired, 'expired'],
  [CLOSE.kicked, 'kicked'],
  [CLOSE.idle, 'idle'],
  [CLOSE.limit, 'limit'],
  [CLOSE.replaced, 'replaced'],
]);

function receiveRequest(session: LiveSession, arrival: Arrived, at: number, next: number, nowMs: number): number {
  const result = decodeRequest(arrival.batch.bytes, at, next, request);
  if (result < 0) return result;
  const { id, kind, bodyOffset, bodyLength } = request;
  const known = session.requests.arrived(id, kind);
  if (known === 'new') {
    const body = arrival.batch.bytes.slice(bodyOffset, bodyOffset + bodyLength);
    if (kind === REQUEST.goAway) {
      const goAway = decodeGoAway(body);
      session.answer(id, typeof goAway === 'string' ? STATUS.malformed : STATUS.done, NOTHING, nowMs);
      if (typeof goAway === 'object') session.emit({ kind: 'go-away', session, graceMs: goAway.graceMs });
    } else {
      session.emit({ kind: 'request', session, id, request: kind, body });
    }
  } else if (typeof known === 'object') {
    sendAnswer(session, id, known, nowMs);
  }
  return result;
}

const NOTHING = new Uint8Array(0);

function receiveAnswer(session: LiveSession, arrival: Arrived, at: number, next: number): number {
  const result = decodeAnswer(arrival.batch.bytes, at, next, answer);
  if (result < 0) return result;
  const { id, kind, status, bodyOffset, bodyLength } = answer;
  if (session.requests.isAnswered(id, kind)) {
    const body = arrival.batch.bytes.slice(bodyOffset, bodyOffset + bodyLength);
    session.emit({ kind: 'answer', session, id, request: kind, status, body });
  }
  return result;
}
