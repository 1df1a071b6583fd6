import type { Endpoint } from '@relay/packet';
import type { UdpSocket } from '@relay/socket';
import type { MemoryHost } from '@relay/socket/testing';

/** A target that sends everything back. */
export class Echo {
  readonly #socket: UdpSocket;

  /** Calls `arrived` with each datagram before it goes back. */
  constructor(
    host: MemoryHost,
    local: Endpoint,
    arrived: (bytes: Uint8Array, offset?: number, length?: number) => void,
  ) {
    this.#socket = host.createSocket({ local });
    this.#socket.onReceive = ({ count, bytes, offsets, lengths, sources }) => {
      for (let i = 0; i < count; i++) arrived(bytes, offsets[i], lengths[i]);
      this.#socket.sendBatch({ bytes, count, offsets, lengths, destinations: sources });
    };
  }

  open(): Promise<void> {
    return this.#socket.open();
  }
}
