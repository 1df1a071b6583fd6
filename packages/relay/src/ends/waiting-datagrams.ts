import { DROP } from '@relay/packet';
import { Datagram } from '../datagram.js';
import type { Traffic } from '../traffic.js';

/**
 * The most that waits for one flow's socket, and for all sockets of one client. A burst that opens
 * a flow comes in one batch, before the socket can be open: as many as a batch may hold.
 */
const MAX_DATAGRAMS = 128;
const MAX_BYTES = 1 << 16;
const MAX_CLIENT_BYTES = 1 << 20;

/** The bytes that wait for the sockets of one client. */
export interface WaitingRoom {
  waitingBytes: number;
}

interface Waiting {
  readonly datagram: Datagram;
  readonly traffic: Traffic;
}

/** Copies of a flow's first datagrams, which wait until its socket is open. */
export class WaitingDatagrams {
  readonly #room: WaitingRoom;
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(room: WaitingRoom) {
    this.#room = room;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Copies a datagram; beyond the limits it is dropped, and counted in `traffic`. */
  add({ bytes, offset, length }: Datagram, traffic: Traffic): void {
    const isFull = this.#waiting.length === MAX_DATAGRAMS || this.#bytes + length > MAX_BYTES;
    if (isFull || this.#room.waitingBytes + length > MAX_CLIENT_BYTES) return traffic.dropped(DROP.queueFull);
    const datagram = new Datagram().show(bytes.slice(offset, offset + length), 0, length);
    this.#waiting.push({ datagram, traffic });
    this.#bytes += length;
    this.#room.waitingBytes += length;
  }

  /** Hands over the datagrams that wait, in order. */
  leave(send: (datagram: Datagram, traffic: Traffic) => void): void {
    for (const { datagram, traffic } of this.#empty()) send(datagram, traffic);
  }

  /** Drops the datagrams that wait, for this drop code. */
  drop(code: number): void {
    for (const { traffic } of this.#empty()) traffic.dropped(code);
  }

  #empty(): Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#room.waitingBytes -= this.#bytes;
    this.#bytes = 0;
    return waiting;
  }
}
