import { CLOSE, DROP } from '@relay/packet';
import type { Channel } from './channel.js';
import type { LiveSession } from './live-session.js';

/**
 * Confines what was thrown while a packet or a deadline of one session was worked on: that session
 * ends, the program learns of it by the event `fault`, and everything else goes on. Returns the
 * drop code of the packet. Never throws.
 */
export function containFault(
  channel: Channel,
  session: LiveSession | undefined,
  error: unknown,
  nowMs: number,
): number {
  attempt(() => session?.end('internal-error', CLOSE.protocolError, nowMs));
  attempt(() => session?.end('internal-error', undefined, nowMs)); // where the peer could not be told
  attempt(() => channel.onEvent({ kind: 'fault', session, error }, nowMs));
  return DROP.internalError;
}

/** The program's own sinks may be what throws: the fault that counts is the first. */
function attempt(step: () => void): void {
  try {
    step();
  } catch {
    // Nobody is left to tell.
  }
}
