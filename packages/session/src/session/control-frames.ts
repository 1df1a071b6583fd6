/** Frames of control: requests of the peer, and its answers to ours. */
import {
  DROP,
  AnswerFields,
  decodeAnswer,
  decodeGoAway,
  decodeRequest,
  REQUEST,
  RequestFields,
  STATUS,
} from '@relay/packet';
import type { Arrival } from './arrival.js';
import { requestsOf, sendAnswer } from './control.js';
import { mayCause } from './sending.js';
import type { SessionParts } from './session-parts.js';
import { WORK } from './work.js';

type Arrived = Arrival<SessionParts>;

// Decoders fill these in; neither is used after the call that filled it.
const request = new RequestFields();
const answer = new AnswerFields();

export function receiveRequest(
  session: SessionParts,
  arrival: Arrived,
  at: number,
  next: number,
  nowMs: number,
): number {
  if (!mayCause(session, WORK.request, nowMs)) return next;
  const result = decodeRequest(arrival.batch.bytes, at, next, request);
  if (result < 0) return result;
  const { id, kind, bodyOffset, bodyLength } = request;
  const known = requestsOf(session).arrived(id, kind);
  if (known === 'new') {
    const body = arrival.batch.bytes.slice(bodyOffset, bodyOffset + bodyLength);
    if (kind === REQUEST.goAway) {
      const goAway = decodeGoAway(body);
      session.answer(id, typeof goAway === 'string' ? STATUS.malformed : STATUS.done, NOTHING, nowMs);
      if (typeof goAway === 'object') session.shared.events.push({ kind: 'go-away', session, graceMs: goAway.graceMs });
    } else {
      session.shared.events.push({ kind: 'request', session, id, request: kind, body });
    }
  } else if (typeof known === 'object') {
    sendAnswer(session, id, known, nowMs);
  } else if (known === 'refused') {
    session.shared.drops.count(DROP.queueFull);
  }
  return result;
}

const NOTHING = new Uint8Array(0);

export function receiveAnswer(
  session: SessionParts,
  arrival: Arrived,
  at: number,
  next: number,
  nowMs: number,
): number {
  if (!mayCause(session, WORK.note, nowMs)) return next;
  const result = decodeAnswer(arrival.batch.bytes, at, next, answer);
  if (result < 0) return result;
  const { id, kind, status, bodyOffset, bodyLength } = answer;
  if (requestsOf(session).isAnswered(id, kind)) {
    const body = arrival.batch.bytes.slice(bodyOffset, bodyOffset + bodyLength);
    session.shared.events.push({ kind: 'answer', session, id, request: kind, status, body });
  }
  return result;
}
