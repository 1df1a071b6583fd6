/** How both sides tell each other of themselves: the client first, and the server answers. */
import { encodeParameters, type SessionParameters } from '@relay/packet';
import type { TransportKeys } from '../transport/transport-keys.js';
import { Announcement } from './announcement.js';
import { proven } from './liveness.js';
import { ask, FRAMES, reply, roomForPacket, wakeBy } from './sending.js';
import type { SessionParts } from './session-parts.js';

/**
 * On the client: the first packet under new keys, which shows the server that we have them, tells
 * our parameters. It is repeated until the server's come under the same keys.
 */
export function announce(session: SessionParts, nowMs: number): void {
  session.announcement ??= new Announcement();
  session.announcement.begin();
  announceAgain(session, session.announcement, nowMs);
}

/** Repeats them if it is time. */
export function announceIfDue(session: SessionParts, nowMs: number): void {
  const { announcement } = session;
  if (announcement !== undefined && nowMs >= announcement.nextMs) announceAgain(session, announcement, nowMs);
}

function announceAgain(session: SessionParts, announcement: Announcement, nowMs: number): void {
  announcement.told(nowMs);
  wakeBy(session, announcement.nextMs);
  const at = roomForPacket(session);
  ask(session, at, writeParameters(session, at), nowMs);
}

/** The peer told of itself under these keys. */
export function parametersArrived(
  session: SessionParts,
  keys: TransportKeys<unknown>,
  parameters: SessionParameters,
  nowMs: number,
): void {
  const isFirst = session.peerParameters === undefined;
  session.peerParameters = parameters;
  if (session.shared.role === 'server') answerWithOurs(session, nowMs);
  else answered(session, keys);
  if (isFirst) session.shared.events.push({ kind: 'parameters', session });
}

function answerWithOurs(session: SessionParts, nowMs: number): void {
  const at = roomForPacket(session);
  reply(session, at, writeParameters(session, at), nowMs);
}

function answered(session: SessionParts, keys: TransportKeys<unknown>): void {
  if (keys !== session.keys.current || session.announcement?.answered() !== true) return;
  // They answer ours, the first packet under these keys.
  proven(session, keys.createdMs);
}

/** Returns the end of the frame in the packet at `at`. */
function writeParameters({ shared }: SessionParts, at: number): number {
  return encodeParameters(shared.out.bytes, at + FRAMES, shared.told);
}
