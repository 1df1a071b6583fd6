import { Datagram } from '../datagram.js';
import type { DatagramRun } from './datagram-run.js';

/** Room for the datagrams of several sends, the largest one many times over. */
const ROOM_BYTES = 1 << 20;

/** Copies of datagrams with something in front of them, on their way into a {@link DatagramRun}. */
export class PrefixedDatagrams {
  readonly #run: DatagramRun;
  readonly #datagram = new Datagram();
  #bytes: Uint8Array | undefined;
  #used = 0;

  constructor(run: DatagramRun) {
    this.#run = run;
  }

  /**
   * The datagram behind the prefix. The view is valid until the next call, its bytes until the run
   * is flushed.
   */
  join(prefix: Uint8Array, { bytes, offset, length }: Datagram): Datagram {
    const room = (this.#bytes ??= new Uint8Array(ROOM_BYTES));
    const total = prefix.length + length;
    if (this.#used + total > ROOM_BYTES) {
      this.#run.flush(); // what lies in the room may be in the run
      this.#used = 0;
    }
    const at = this.#used;
    room.set(prefix, at);
    room.set(bytes.subarray(offset, offset + length), at + prefix.length);
    this.#used += total;
    return this.#datagram.show(room, at, total);
  }
}
