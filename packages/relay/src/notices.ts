import type { DropReason } from '@relay/packet';
import type { SocketErrorCode } from '@relay/socket';

/**
 * An event of a flow for people to read. Its target is a packed endpoint.
 *
 * - `refused`: the peer does not carry the flow for now.
 * - `loop`: what goes to the target comes back as new sources, again and again: it is refused.
 * - `target-failed`: the target cannot be reached, or a datagram to it could not be sent.
 */
export type FlowNotice =
  | { readonly kind: 'refused'; readonly target: Uint8Array; readonly reason: DropReason }
  | {
      readonly kind: 'loop';
      readonly target: Uint8Array;
      /** On a server: whose flow it is. */
      readonly client: string | undefined;
    }
  | {
      readonly kind: 'target-failed';
      readonly target: Uint8Array;
      /** On a server: whose flow it is. */
      readonly client: string | undefined;
      readonly reason: SocketErrorCode;
    };

/** Keeps notices until the program takes them, once it is done with a batch. */
export class Notices<N = FlowNotice> {
  #notices: N[] = [];

  add(notice: N): void {
    this.#notices.push(notice);
  }

  /** All since the last call, the oldest first. */
  take(): readonly N[] {
    if (this.#notices.length === 0) return NONE;
    const taken = this.#notices;
    this.#notices = [];
    return taken;
  }
}

const NONE: readonly never[] = [];
