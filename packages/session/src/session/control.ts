/** Control requests and their answers, in both directions. */
import { DROP, encodeAnswer, encodeRequest } from '@relay/packet';
import { Requests, type KeptAnswer } from './requests.js';
import { ask, FRAMES, reply, roomForPacket, wakeBy } from './sending.js';
import type { SessionParts } from './session-parts.js';

/**
 * The most that stands before the body of a request or answer: type and length, id, kind, status.
 */
const CONTROL_HEADER_BYTES = 9;

/** The session's book of requests: made when it is first needed. */
export function requestsOf(session: SessionParts): Requests {
  return (session.requests ??= new Requests());
}

/** As `Session.request`. */
export function openRequest(session: SessionParts, kind: number, body: Uint8Array, nowMs: number): number {
  const refusal = controlRefusal(session, body);
  if (refusal < 0) return refusal;
  const requests = requestsOf(session);
  const id = requests.add(kind, body, nowMs);
  if (id < 0) return id;
  sendRequest(session, id, kind, body, nowMs);
  wakeBy(session, requests.nextRepeatMs);
  return id;
}

/** As `Session.answer`. */
export function giveAnswer(session: SessionParts, id: number, status: number, body: Uint8Array, nowMs: number): number {
  const refusal = controlRefusal(session, body);
  if (refusal < 0) return refusal;
  const kind = requestsOf(session).answered(id, status, body);
  if (kind !== undefined) sendAnswer(session, id, { kind, status, body }, nowMs);
  return 0;
}

/** 0, or the drop code of the reason why this session cannot send a request or an answer. */
function controlRefusal(session: SessionParts, body: Uint8Array): number {
  if (!session.isOpen) return DROP.noSession;
  return body.length <= session.maxFramesBytes - CONTROL_HEADER_BYTES ? 0 : DROP.tooLarge;
}

export function sendRequest(session: SessionParts, id: number, kind: number, body: Uint8Array, nowMs: number): void {
  const at = roomForPacket(session);
  ask(session, at, encodeRequest(session.shared.out.bytes, at + FRAMES, id, kind, body), nowMs);
}

export function sendAnswer(session: SessionParts, id: number, answer: KeptAnswer, nowMs: number): void {
  const at = roomForPacket(session);
  reply(session, at, encodeAnswer(session.shared.out.bytes, at + FRAMES, id, answer), nowMs);
}
