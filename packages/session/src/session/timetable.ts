import { REJECT_AFTER_MS } from '../protocol.js';
import { sendRequest } from './control.js';
import { probe, reportIfDue, sendPing } from './liveness.js';
import { announceIfDue } from './parameters-exchange.js';
import { validate } from './roaming.js';
import { wakeBy } from './sending.js';
import type { SessionParts } from './session-parts.js';

/** Does all that is due in a session, and has it woken for what is due next. */
export function doWhatIsDue(session: SessionParts, nowMs: number): void {
  const { keys, figures, requests } = session;
  if (keys.current === undefined) return;
  if (nowMs - keys.current.createdMs >= REJECT_AFTER_MS) return session.end('keys-expired', undefined, nowMs);
  if (nowMs >= keys.previousUntilMs) keys.retirePrevious();
  validate(session, nowMs);
  probe(session, nowMs);
  reportIfDue(session, nowMs);
  if (nowMs >= figures.lastSentMs + session.keepaliveMs) sendPing(session, nowMs);
  requests?.repeat(nowMs, (id, kind, body) => sendRequest(session, id, kind, body, nowMs));
  announceIfDue(session, nowMs);
  wakeBy(session, nextDeadline(session, keys.current.createdMs));
}

function nextDeadline(session: SessionParts, keysCreatedMs: number): number {
  const { keys, path, watch, figures, requests, announcement } = session;
  return Math.min(
    keysCreatedMs + REJECT_AFTER_MS,
    keys.previousUntilMs,
    path.nextChallengeMs,
    watch.nextProbeMs,
    figures.nextReportMs,
    figures.lastSentMs + session.keepaliveMs,
    requests?.nextRepeatMs ?? Infinity,
    announcement?.nextMs ?? Infinity,
  );
}
