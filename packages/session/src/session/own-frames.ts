/** Frames that a session sends of itself. */
import {
  DROP,
  encodeAnswer,
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
import type { TransportKeys } from '../transport/transport-keys.js';
import type { LiveSession } from './live-session.js';
import type { KeptAnswer } from './requests.js';

type Shared = LiveSession['shared'];

/** Where frames begin in a packet. */
const FRAMES = TRANSPORT_HEADER_BYTES;

/** Where a packet of our own may be written now, in `out.bytes`. */
export function roomForPacket({ out, maxPacketBytes }: Shared): number {
  return out.reserve(maxPacketBytes);
}

/**
 * Writes a ping at `offset` of `out.bytes`. Returns its end. Where there are no frames, an empty
 * packet does.
 */
export function writePing({ protocol, out }: Shared, offset: number, token: Uint8Array, nowMs: number): number {
  if (!protocol.framed) return offset;
  return encodePing(out.bytes, offset, token, 0, Math.max(0, Math.round(nowMs * 1000)));
}

/** 8 unpredictable bytes. */
export function newToken({ random }: Shared): Uint8Array {
  const token = new Uint8Array(PING_TOKEN_BYTES);
  random(token);
  return token;
}

/** On the client these are repeated until the server's come, so they want an answer. */
export function sendParameters(session: LiveSession, nowMs: number): void {
  const { shared, current } = session;
  if (current === undefined) return;
  const { told, tokens, role } = shared;
  const resetToken = tokens?.tokenOf(current.localIndex);
  const at = roomForPacket(shared);
  const end = encodeParameters(shared.out.bytes, at + FRAMES, { ...told, resetToken });
  session.send(at, end, nowMs, role === 'client');
}

/** Answers a ping that came on this packed path. */
export function sendPong(session: LiveSession, ping: PingFields, path: Uint8Array, nowMs: number): void {
  const at = roomForPacket(session.shared);
  const { bytes } = session.shared.out;
  session.send(at, encodePong(bytes, at + FRAMES, ping.token, 0, ping.timeUs, 0, path, 0), nowMs, false);
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
  const at = roomForPacket(session.shared);
  session.send(at, encodeRequest(session.shared.out.bytes, at + FRAMES, id, kind, body), nowMs, true);
}

export function sendAnswer(session: LiveSession, id: number, answer: KeptAnswer, nowMs: number): void {
  const { kind, status, body } = answer;
  const at = roomForPacket(session.shared);
  session.send(at, encodeAnswer(session.shared.out.bytes, at + FRAMES, id, kind, status, body), nowMs, false);
}

/** `reason` is one of `CLOSE`. */
export function sendClose(session: LiveSession, reason: number, nowMs: number): void {
  const at = roomForPacket(session.shared);
  session.send(at, encodeClose(session.shared.out.bytes, at + FRAMES, reason), nowMs, false);
}

/** What arrived under these keys, and a ping behind it: the packet asks for a round trip anyway. */
export function sendReport(session: LiveSession, keys: TransportKeys<unknown>, nowMs: number): void {
  const { shared } = session;
  session.measurements.writeReport(keys, report);
  const at = roomForPacket(shared);
  const end = encodeReport(shared.out.bytes, at + FRAMES, report);
  session.send(at, writePing(shared, end, newToken(shared), nowMs), nowMs, true);
}

const report = new ReportFields();
