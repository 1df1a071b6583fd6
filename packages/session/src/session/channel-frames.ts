/**
 * What is done with each frame of an opened packet: frames of the channel are handled here, those
 * of the relay are passed on.
 */
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
  frameType,
  nextFrame,
  PingFields,
  PongFields,
  ReportFields,
  REQUEST,
  RequestFields,
  SessionParameters,
  STATUS,
} from '@relay/packet';
import type { DisconnectReason } from '../events.js';
import type { SessionKeys } from './channel.js';
import type { LiveSession } from './live-session.js';
import { sendAnswer, sendPong } from './own-frames.js';

/**
 * Handles the frames in `bytes[offset .. end]`, which came under `keys` on the packed path at
 * `source`.
 */
export function receiveFrames(
  keys: SessionKeys,
  bytes: Uint8Array,
  offset: number,
  end: number,
  source: Uint8Array,
  sourceOffset: number,
  nowMs: number,
): void {
  const session = keys.owner;
  for (let at = offset; at < end && session.isOpen;) {
    const next = nextFrame(bytes, at, end);
    const type = frameType(bytes, at);
    const result = next < 0 ? next : receiveFrame(keys, type, bytes, at, next, source, sourceOffset, nowMs);
    if (result < 0) {
      session.end('protocol-error', CLOSE.protocolError, nowMs);
      return;
    }
    at = next;
  }
}

/** Returns less than 0 if the frame is malformed. */
function receiveFrame(
  keys: SessionKeys,
  type: number,
  bytes: Uint8Array,
  at: number,
  next: number,
  source: Uint8Array,
  sourceOffset: number,
  nowMs: number,
): number {
  const session = keys.owner;
  switch (type) {
    case FRAME.compact:
    case FRAME.addressed:
    case FRAME.fragment:
    case FRAME.flowAcknowledge:
    case FRAME.flowClose:
    case FRAME.flowUnknown:
      session.channel.onFrame(session, type, bytes, at, next, nowMs);
      return next;
    case FRAME.ping:
      return receivePing(session, bytes, at, next, source, sourceOffset, nowMs);
    case FRAME.pong:
      return receivePong(session, bytes, at, next, source, sourceOffset, nowMs);
    case FRAME.report:
      return receiveReport(session, bytes, at, next, nowMs);
    case FRAME.parameters:
      return receiveParameters(keys, bytes, at, next, nowMs);
    case FRAME.close:
      return receiveClose(session, bytes, at, next, nowMs);
    case FRAME.request:
      return receiveRequest(session, bytes, at, next, nowMs);
    case FRAME.answer:
      return receiveAnswer(session, bytes, at, next, nowMs);
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

function receivePing(
  session: LiveSession,
  bytes: Uint8Array,
  at: number,
  next: number,
  source: Uint8Array,
  sourceOffset: number,
  nowMs: number,
): number {
  const result = decodePing(bytes, at, next, ping);
  if (result < 0) return result;
  session.measurements.pingArrived(ping.timeUs / 1000, nowMs);
  sendPong(session, ping, source, sourceOffset, nowMs);
  return result;
}

function receivePong(
  session: LiveSession,
  bytes: Uint8Array,
  at: number,
  next: number,
  source: Uint8Array,
  sourceOffset: number,
  nowMs: number,
): number {
  const result = decodePong(bytes, at, next, pong);
  if (result < 0) return result;
  const roundTripMs = nowMs - pong.timeUs / 1000 - pong.delayUs / 1000;
  if (roundTripMs >= 0 && roundTripMs < LONGEST_ROUND_TRIP_MS) session.measurements.pongArrived(roundTripMs);
  session.observedEndpoint = session.channel.role === 'client' ? pong.observed.slice() : undefined;
  session.proven(pong.timeUs / 1000, nowMs);
  if (session.path.answered(pong.token, source, sourceOffset)) session.emit({ kind: 'path-validated', session }, nowMs);
  if (session.isOpen) session.emit({ kind: 'pong', session, roundTripMs }, nowMs);
  return result;
}

/** Pongs that come later than this are from another time. */
const LONGEST_ROUND_TRIP_MS = 60_000;

function receiveReport(session: LiveSession, bytes: Uint8Array, at: number, next: number, nowMs: number): number {
  const result = decodeReport(bytes, at, next, report);
  if (result < 0) return result;
  session.measurements.reportArrived(report);
  session.provenByCounter(report.index, report.highest, nowMs);
  return result;
}

function receiveParameters(keys: SessionKeys, bytes: Uint8Array, at: number, next: number, nowMs: number): number {
  const session = keys.owner;
  const parameters = new SessionParameters();
  const result = decodeParameters(bytes, at, next, parameters);
  if (result < 0) return result;
  if (parameters.version !== FRAME_LAYER_VERSION) {
    session.end('version', CLOSE.version, nowMs);
    return result;
  }
  const isFirst = session.peerParameters === undefined;
  session.peerParameters = parameters;
  session.channel.parametersArrived(keys, parameters, nowMs);
  if (isFirst && session.isOpen) session.emit({ kind: 'parameters', session }, nowMs);
  return result;
}

function receiveClose(session: LiveSession, bytes: Uint8Array, at: number, next: number, nowMs: number): number {
  const result = decodeClose(bytes, at, next, close);
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

function receiveRequest(session: LiveSession, bytes: Uint8Array, at: number, next: number, nowMs: number): number {
  const result = decodeRequest(bytes, at, next, request);
  if (result < 0) return result;
  const { id, kind, bodyOffset, bodyLength } = request;
  const known = session.requests.arrived(id, kind);
  if (known === 'new') {
    const body = bytes.subarray(bodyOffset, bodyOffset + bodyLength);
    if (kind === REQUEST.goAway) {
      const goAway = decodeGoAway(body);
      session.answer(id, typeof goAway === 'string' ? STATUS.malformed : STATUS.done, NOTHING, nowMs);
      if (typeof goAway === 'object') session.emit({ kind: 'go-away', session, graceMs: goAway.graceMs }, nowMs);
    } else {
      session.emit({ kind: 'request', session, id, request: kind, body }, nowMs);
    }
  } else if (typeof known === 'object') {
    sendAnswer(session, id, known, nowMs);
  }
  return result;
}

const NOTHING = new Uint8Array(0);

function receiveAnswer(session: LiveSession, bytes: Uint8Array, at: number, next: number, nowMs: number): number {
  const result = decodeAnswer(bytes, at, next, answer);
  if (result < 0) return result;
  const { id, kind, status, bodyOffset, bodyLength } = answer;
  if (session.requests.isAnswered(id, kind)) {
    const body = bytes.subarray(bodyOffset, bodyOffset + bodyLength);
    session.emit({ kind: 'answer', session, id, request: kind, status, body }, nowMs);
  }
  return result;
}
