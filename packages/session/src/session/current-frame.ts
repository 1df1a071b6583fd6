import type { ReceivedFrame } from '../received-frame.js';
import type { Session } from '../session.js';

/** The one object of a channel by which it shows frames. */
export class CurrentFrame implements ReceivedFrame {
  #session: Session | undefined = undefined;
  type = 0;
  bytes: Uint8Array = new Uint8Array(0);
  offset = 0;
  end = 0;

  get session(): Session {
    if (this.#session === undefined) throw new Error('no frame has come yet');
    return this.#session;
  }

  /** It is now the frame of this session and type at `bytes[offset .. end]`. */
  show(session: Session, type: number, bytes: Uint8Array, offset: number, end: number): void {
    this.#session = session;
    this.type = type;
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }
}
