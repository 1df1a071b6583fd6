/** Frames that a session sends of itself. */
import {
  encodeAnswer,
  DROP,
  encodeClose,
  encodeParameters,
  encodePing,
  encodePong,
  encodeReport,
  encodeRequest,
  PING_TOKEN_BYTES,
  ReportFields,
  TRANSPORT_HEADER_BYTES,
  type PingFields,
} from '@relay/packet';
import type { Channel, SessionKeys } from './channel.js';
import type { LiveSession } from './live-session.js';
import type { KeptAnswer } from './requests.js';

/** Where frames begin in the scratch packet. */
const FRAMES = TRANSPORT_HEADER_BYTES;

/**
 * Writes a ping at `offset` of the scratch packet. Returns its end. Where there are no frames, an
 * empty packet does.
 */
export function writePing(channel: Channel, offset: number, token: Uint8Array, nowMs: number): number {
  if (!channel.protocol.framed) return offset;
  return encodePing(channel.scratch, offset, token, 0, Math.max(0, Math.round(nowMs * 1000)));
}

/** 8 unpredictable bytes. */
export function newToken(channel: Channel): Uint8Array {
  const token = new Uint8Array(PING_TOKEN_BYTES);
  channel.random(token);
  return token;
}

/** On the client these are repeated until the server's come, so they want an answer. */
export function sendParameters(session: LiveSession, nowMs: number): void {
  const { channel, current } = session;
  if (current === undefined) return;
  const end = encodeParameters(channel.scratch, FRAMES, channel.parametersFor(current));
  session.send(end, nowMs, channel.role === 'client');
}

/** Answers a ping that came on the packed path at `source`. */
export function sendPong(
  session: LiveSession,
  ping: PingFields,
  source: Uint8Array,
  sourceOffset: number,
  nowMs: number,
): void {
  const { scratch } = session.channel;
  session.send(encodePong(scratch, FRAMES, ping.token, 0, ping.timeUs, 0, source, sourceOffset), nowMs, false);
}

/** As `Session.request`. */
export function openRequest(session: LiveSession, kind: number, body: Uint8Array, nowMs: number): number {
  const refusal = controlRefusal(session, body);
  const id = refusal < 0 ? refusal : session.requests.add(kind, body, nowMs);
  if (id > 0) sendRequest(session, id, kind, body, nowMs);
  return id;
}

/** As `Session.answer`. */
export function giveAnswer(session: LiveSession, id: number, status: number, body: Uint8Array, nowMs: number): number {
  const refusal = controlRefusal(session, body);
  if (refusal < 0) return refusal;
  const kind = session.requests.answered(id, status, body);
  if (kind !== undefined) sendAnswer(session, id, { kind, status, body }, nowMs);
  return 0;
}

/**
 * The most that stands before the body of a request or answer: type and length, id, kind, status.
 */
const CONTROL_HEADER_BYTES = 9;

/** 0, or the drop code of the reason why this session cannot send a request or an answer. */
function controlRefusal(session: LiveSession, body: Uint8Array): number {
  if (!session.isOpen) return DROP.noSession;
  return body.length <= session.maxFramesBytes - CONTROL_HEADER_BYTES ? 0 : DROP.tooLarge;
}

export function sendRequest(session: LiveSession, id: number, kind: number, body: Uint8Array, nowMs: number): void {
  session.send(encodeRequest(session.channel.scratch, FRAMES, id, kind, body), nowMs, true);
}

export function sendAnswer(session: LiveSession, id: number, answer: KeptAnswer, nowMs: number): void {
  const { kind, status, body } = answer;
  session.send(encodeAnswer(session.channel.scratch, FRAMES, id, kind, status, body), nowMs, false);
}

/** `reason` is one of `CLOSE`. */
export function sendClose(session: LiveSession, reason: number, nowMs: number): void {
  session.send(encodeClose(session.channel.scratch, FRAMES, reason), nowMs, false);
}

/** What arrived under these keys, and a ping behind it: the packet asks for a round trip anyway. */
export function sendReport(session: LiveSession, keys: SessionKeys, nowMs: number): void {
  const { channel } = session;
  session.measurements.writeReport(keys, report);
  const end = encodeReport(channel.scratch, FRAMES, report);
  session.send(writePing(channel, end, newToken(channel), nowMs), nowMs, true);
}

const report = new ReportFields();
