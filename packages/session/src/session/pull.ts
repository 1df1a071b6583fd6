import { CLOSE, DROP } from '@relay/packet';
import type { SessionEvent } from '../events.js';
import type { Session } from '../session.js';
import { Arrival } from './arrival.js';
import type { ChannelShared } from './channel-shared.js';
import { CurrentFrame } from './current-frame.js';
import { LiveSession } from './live-session.js';

/** What both channels let their program pull: frames of the packet received last, and events. */
export class Pull {
  readonly frame = new CurrentFrame();
  readonly arrival = new Arrival<LiveSession>();
  readonly #shared: ChannelShared<LiveSession>;

  constructor(shared: ChannelShared<LiveSession>) {
    this.#shared = shared;
  }

  nextEvent(): SessionEvent | undefined {
    return this.#shared.events.next();
  }

  /**
   * Goes on to the next frame of the relay in the arrived packet; frames of the session are handled
   * on the way. Returns whether there is one. Never throws.
   */
  nextFrame(nowMs: number): boolean {
    const { arrival } = this;
    const { keys } = arrival;
    if (keys === undefined) return false;
    try {
      if (keys.owner.isOpen && this.#shared.layer.next(keys.owner, arrival, this.frame, nowMs)) return true;
    } catch (error) {
      this.fault(keys.owner, error, nowMs);
    }
    arrival.keys = undefined;
    return false;
  }

  /**
   * Confines what was thrown while a packet, a deadline or an event of one session was worked on:
   * that session ends, the program learns of it by the event `fault`, and everything else goes on.
   * Returns the drop code of what was worked on. Never throws.
   */
  fault(session: Session | undefined, error: unknown, nowMs: number): number {
    if (session instanceof LiveSession && session.shared === this.#shared) {
      try {
        session.end('internal-error', CLOSE.protocolError, nowMs);
      } catch {
        session.end('internal-error', undefined, nowMs); // the peer could not be told
      }
    }
    this.#shared.events.push({ kind: 'fault', session, error });
    return DROP.internalError;
  }
}
