import {
  CLOSE,
  CloseFields,
  decodeClose,
  decodeParameters,
  DROP,
  encodeClose,
  encodePing,
  FRAME,
  FRAME_LAYER_VERSION,
  frameType,
  nextFrame,
  SessionParameters,
} from '@relay/packet';
import type { DisconnectReason } from '../events.js';
import { INSTANCE_MASK, REKEY_BIT } from '../protocol.js';
import type { Arrival } from './arrival.js';
import { receiveAnswer, receiveRequest } from './control-frames.js';
import type { FrameLayer } from './frame-layer.js';
import { receivePing, receivePong, receiveReport } from './measuring-frames.js';
import { announce, parametersArrived } from './parameters-exchange.js';
import { mayCause, refuse } from './sending.js';
import type { SessionParts } from './session-parts.js';
import { WORK } from './work.js';

type Arrived = Arrival<SessionParts>;

/** The frames of Relay's own protocol. */
export const relayFrames: FrameLayer<SessionParts> = {
  isAnswered: true,
  next: (session, arrival, frame, nowMs) => {
    const { end } = arrival;
    const { bytes } = arrival.batch;
    while (arrival.at < end && session.isOpen) {
      const { at } = arrival;
      const next = nextFrame(bytes, at, end);
      arrival.at = next;
      const type = frameType(bytes, at);
      if (next > 0 && isOfRelay(type)) {
        frame.show(session, type, bytes, at, next);
        return true;
      }
      if (next < 0 || receiveFrame(session, arrival, at, next, nowMs) < 0)
        session.end('protocol-error', CLOSE.protocolError, nowMs);
    }
    return false;
  },
  greet: announce,
  writePing: (bytes, at, token, nowMs) => encodePing(bytes, at, token, 0, Math.max(0, Math.round(nowMs * 1000))),
  writeClose: encodeClose,
  isRekey: (senderIndex) => (senderIndex & REKEY_BIT) !== 0,
  isRenewal: ({ keys }, senderIndex) => {
    const known = keys.current ?? keys.next;
    const isSameInstance = known !== undefined && ((known.peerIndex ^ senderIndex) & INSTANCE_MASK) === 0;
    return isSameInstance && (senderIndex & REKEY_BIT) !== 0;
  },
};

/** Whether a frame of this type is not the session's but the relay's: for the program. */
function isOfRelay(type: number): boolean {
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
function receiveFrame(session: SessionParts, arrival: Arrived, at: number, next: number, nowMs: number): number {
  switch (frameType(arrival.batch.bytes, at)) {
    case FRAME.ping:
      return receivePing(session, arrival, at, next, nowMs);
    case FRAME.pong:
      return receivePong(session, arrival, at, next, nowMs);
    case FRAME.report:
      return receiveReport(session, arrival, at, next, nowMs);
    case FRAME.parameters:
      return receiveParameters(session, arrival, at, next, nowMs);
    case FRAME.close:
      return receiveClose(session, arrival, at, next, nowMs);
    case FRAME.request:
      return receiveRequest(session, arrival, at, next, nowMs);
    case FRAME.answer:
      return receiveAnswer(session, arrival, at, next, nowMs);
    case FRAME.extended:
    case FRAME.flowSettings:
      return DROP.unknownFrame; // no session states their features, so no honest peer sends them
    default:
      // Padding, and what later versions may add: nextFrame has refused everything else.
      return next;
  }
}

const close = new CloseFields();

function receiveParameters(session: SessionParts, arrival: Arrived, at: number, next: number, nowMs: number): number {
  if (arrival.areParametersAnswered) return refuse(session, next);
  if (!mayCause(session, WORK.parameters, nowMs)) return next;
  const parameters = new SessionParameters();
  const result = decodeParameters(arrival.batch.bytes, at, next, parameters);
  if (result < 0) return result;
  if (parameters.version !== FRAME_LAYER_VERSION) {
    session.end('version', CLOSE.version, nowMs);
    return result;
  }
  arrival.areParametersAnswered = true;
  if (arrival.keys !== undefined) parametersArrived(session, arrival.keys, parameters, nowMs);
  return result;
}

function receiveClose(session: SessionParts, arrival: Arrived, at: number, next: number, nowMs: number): number {
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
