/** How packets of a session are sealed and sent, and when it is woken next. */
import { AEAD_TAG_BYTES, DROP, PING_TOKEN_BYTES, TRANSPORT_HEADER_BYTES } from '@relay/packet';
import type { RandomSource } from '../keys/key-pair.js';
import { sealPacket } from '../transport/seal-packet.js';
import type { SessionParts } from './session-parts.js';

/** Where frames begin in a packet. */
export const FRAMES = TRANSPORT_HEADER_BYTES;
/** What a packet takes beside its frames. */
export const OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + AEAD_TAG_BYTES;

/** Where a packet of the session's own may be written now, in `out.bytes`. */
export function roomForPacket({ shared }: SessionParts): number {
  return shared.out.reserve(shared.maxPacketBytes);
}

/** 8 unpredictable bytes. */
export function newToken(random: RandomSource): Uint8Array {
  const token = new Uint8Array(PING_TOKEN_BYTES);
  random(token);
  return token;
}

/** The session is woken by this time. One that has ended sleeps for ever. */
export function wakeBy(session: SessionParts, deadlineMs: number): void {
  if (session.keys.current !== undefined) session.shared.deadlines.wakeBy(session, deadlineMs);
}

/**
 * Seals the packet at `offset`, which is to go on the present path. Returns its length or a drop
 * code.
 */
export function sealToPath(
  session: SessionParts,
  bytes: Uint8Array,
  offset: number,
  framesLength: number,
  nowMs: number,
): number {
  const refusal = session.keys.refusal(nowMs);
  if (refusal < 0) return refusal;
  if (!session.path.spend(framesLength + OVERHEAD_BYTES)) return DROP.pathUnvalidated;
  return seal(session, bytes, offset, framesLength, nowMs);
}

function seal(
  { keys, figures }: SessionParts,
  bytes: Uint8Array,
  offset: number,
  framesLength: number,
  nowMs: number,
): number {
  if (keys.current === undefined) return DROP.noSession;
  const length = framesLength + OVERHEAD_BYTES;
  sealPacket(keys.current, bytes, offset, framesLength);
  figures.sealed(length, nowMs);
  return length;
}

/** Whether the peer may cause so much more; a refusal is counted. */
export function mayCause(session: SessionParts, amount: number, nowMs: number): boolean {
  if (session.work.take(amount, nowMs)) return true;
  session.shared.drops.count(DROP.rateLimited);
  return false;
}

/** Counts the refusal of a frame that ends at `next`, which it returns: the packet goes on. */
export function refuse(session: SessionParts, next: number): number {
  session.shared.drops.count(DROP.rateLimited);
  return next;
}

/** The packet that was sealed last wants an answer. */
export function expectAnswer(session: SessionParts, nowMs: number): void {
  const { shared, keys, watch } = session;
  if (!shared.layer.isAnswered || keys.current === undefined) return;
  if (watch.expectAnswer(keys.current.nextCounter - 1, nowMs)) wakeBy(session, watch.nextProbeMs);
}

/**
 * Seals the packet at `at` of `out.bytes`, whose frames end at `end`, and sends it, also on a lost
 * path. Returns the length of the packet or a drop code.
 */
export function send(session: SessionParts, at: number, end: number, nowMs: number): number {
  const { out } = session.shared;
  const length = sealToPath(session, out.bytes, at, end - at - FRAMES, nowMs);
  if (length > 0) out.add(length, session.path.packed, 0);
  return length;
}

/**
 * As {@link send}, for what answers the peer: nothing goes if the peer has sent too little for it,
 * and that is counted.
 */
export function reply(session: SessionParts, at: number, end: number, nowMs: number): number {
  if (session.work.takeAnswer(end - at - FRAMES + OVERHEAD_BYTES)) return send(session, at, end, nowMs);
  return refuse(session, DROP.rateLimited);
}

/** As {@link send}, where the peer is to show that it has arrived. */
export function ask(session: SessionParts, at: number, end: number, nowMs: number): number {
  const length = send(session, at, end, nowMs);
  if (length > 0) expectAnswer(session, nowMs);
  return length;
}

/** As {@link send}, but on this packed path, whose address has proven itself. */
export function sendOn(session: SessionParts, path: Uint8Array, at: number, end: number, nowMs: number): void {
  if (session.keys.refusal(nowMs) < 0) return;
  const { out } = session.shared;
  out.add(seal(session, out.bytes, at, end - at - FRAMES, nowMs), path, 0);
}
