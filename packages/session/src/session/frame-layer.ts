import type { Arrival } from './arrival.js';
import type { CurrentFrame } from './current-frame.js';

/**
 * What the content of packets means, on both sides of a session `S`: the frames of Relay, or opaque
 * bytes. Writers write at `bytes[at]` and return the end of what they wrote.
 */
export interface FrameLayer<S> {
  /**
   * Whether pings are answered, and reports tell what has arrived. If not, no path counts as lost,
   * and none is asked to prove itself.
   */
  readonly isAnswered: boolean;

  /**
   * Goes on in the arrived packet of the session to the next frame that is for the program, which
   * `frame` then shows; what is the session's own is handled on the way. Returns whether there is
   * one.
   */
  next(session: S, arrival: Arrival<S>, frame: CurrentFrame, nowMs: number): boolean;

  /** On the client: sends the first packet under new keys. */
  greet(session: S, nowMs: number): void;

  /** What the peer answers if it answers at all; `token`: 8 bytes. */
  writePing(bytes: Uint8Array, at: number, token: Uint8Array, nowMs: number): number;
  /** `reason` is one of `CLOSE`. Less than 0 if there is no way to say it. */
  writeClose(bytes: Uint8Array, at: number, reason: number): number;

  /** Whether an initiation with this sender index claims to renew the keys of a session. */
  isRekey(senderIndex: number): boolean;
  /** Whether an initiation with this sender index renews the keys of this session. */
  isRenewal(session: S, senderIndex: number): boolean;
}
