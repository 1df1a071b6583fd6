import type { Session } from './session.js';

/**
 * A frame of the relay (datagram, fragment, flow) in an opened packet. A channel has one, which
 * each `nextFrame` fills in anew; it is valid until the next call of `nextFrame` or `receive`, and
 * so are the bytes, which may be written to.
 */
export interface ReceivedFrame {
  /** The session that it came in. Throws an Error while no frame has come yet. */
  readonly session: Session;
  /**
   * One of `FRAME` of `@relay/packet`; -1 where the protocol has no frames: then it is the whole
   * content of a packet.
   */
  readonly type: number;
  /** The frame is `bytes[offset .. end]`, from its type byte on. */
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly end: number;
}
