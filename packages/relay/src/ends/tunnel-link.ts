import type { Session } from '@relay/session';
import type { DatagramHeading, DatagramWriter } from '../batch/datagram-writer.js';
import type { Datagram } from '../datagram.js';
import type { Traffic } from '../traffic.js';
import { DROP } from '@relay/packet';

/** The part of a session that flows need. */
export type TunnelSession = Pick<Session, 'maxFramesBytes' | 'packedPath' | 'peerParameters' | 'seal' | 'sendFrames'>;

/** The way to the peer: all ends of one tunnel send through it. */
export class TunnelLink {
  /** The session with the peer, while there is one. */
  session: TunnelSession | undefined = undefined;
  readonly #writer: DatagramWriter;

  constructor(writer: DatagramWriter) {
    this.#writer = writer;
  }

  /** Sends a datagram, and counts it as sent or dropped. */
  send(heading: DatagramHeading, datagram: Datagram, traffic: Traffic, nowMs: number): void {
    const { session } = this;
    const code =
      session === undefined ? DROP.noSession : this.#writer.write(session, heading, datagram, traffic, nowMs);
    if (code < 0) traffic.dropped(code);
  }
}
