import { CLOSE, DROP, frameType, nextFrame } from '@relay/packet';
import type { SessionEvent } from '../events.js';
import type { ReceivedFrame } from '../received-frame.js';
import type { Session } from '../session.js';
import { Arrival } from './arrival.js';
import { isOfRelay, receiveFrame } from './channel-frames.js';
import type { ChannelShared } from './channel-shared.js';
import { LiveSession } from './live-session.js';

/** The type of the only frame of a packet where the protocol has no frames. */
const OPAQUE_TYPE = -1;

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
      if (keys.owner.isOpen && this.#advance(keys.owner, nowMs)) return true;
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

  #advance(session: LiveSession, nowMs: number): boolean {
    const { arrival } = this;
    const { end } = arrival;
    const { bytes } = arrival.batch;
    if (!this.#shared.protocol.framed) return this.#advanceOpaque(session, nowMs);
    while (arrival.at < end && session.isOpen) {
      const { at } = arrival;
      const next = nextFrame(bytes, at, end);
      const type = frameType(bytes, at);
      arrival.at = next;
      if (next > 0 && isOfRelay(type)) return this.frame.become(session, type, bytes, at, next);
      if (next < 0 || receiveFrame(arrival, type, at, next, nowMs) < 0) {
        session.end('protocol-error', CLOSE.protocolError, nowMs);
      }
    }
    return false;
  }

  #advanceOpaque(session: LiveSession, nowMs: number): boolean {
    const { batch, at, end } = this.arrival;
    if (at === end) return false;
    this.arrival.at = end;
    session.receivedOpaque(nowMs);
    return this.frame.become(session, OPAQUE_TYPE, batch.bytes, at, end);
  }
}

/** The one object of a channel by which it shows frames. */
class CurrentFrame implements ReceivedFrame {
  #session: Session | undefined = undefined;
  type = 0;
  bytes: Uint8Array = new Uint8Array(0);
  offset = 0;
  end = 0;

  get session(): Session {
    if (this.#session === undefined) throw new Error('no frame has come yet');
    return this.#session;
  }

  /** Returns true: there is a frame. */
  become(session: Session, type: number, bytes: Uint8Array, offset: number, end: number): true {
    this.#session = session;
    this.type = type;
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    return true;
  }
}
