import type { Endpoint } from '@relay/packet';
import type { UdpSocket } from '@relay/socket';
import type { MemoryHost, Random } from '@relay/socket/testing';
import { Journal } from './journal.js';

/** The largest payload, which the applications send now and then. It takes several packets. */
const LARGE_BYTES = 4000;
const SMALL_BYTES = 200;
const NUMBER_BYTES = 4;

export interface ApplicationOptions {
  readonly to: Endpoint;
  /** The address of the sources. Default: loopback. */
  readonly from?: string;
  readonly sources: number;
  /** The time between two datagrams of a source, in ms. */
  readonly everyMs: number;
  /** The share of datagrams that are too large for one packet. */
  readonly largeRate: number;
}

/**
 * Applications beside the client, or visitors of what it publishes. Several sources send numbered
 * datagrams all the time and wait for their echo.
 */
export class Application {
  readonly journal = new Journal();
  readonly #sockets: UdpSocket[] = [];
  readonly #host: MemoryHost;
  readonly #random: Random;
  readonly #options: ApplicationOptions;
  #isSending = true;

  constructor(host: MemoryHost, random: Random, options: ApplicationOptions) {
    this.#host = host;
    this.#random = random;
    this.#options = options;
  }

  async open(): Promise<void> {
    const { sources, everyMs, from = '127.0.0.1' } = this.#options;
    const { clock } = this.#host.network;
    for (let i = 0; i < sources; i++) {
      const socket = this.#host.createSocket({ local: { address: from, port: 0 } });
      this.#sockets.push(socket);
      socket.onReceive = ({ count, bytes, offsets, lengths }) => {
        for (let at = 0; at < count; at++)
          this.journal.arrived('back', numberOf(bytes, offsets[at], lengths[at]), clock.nowMs);
      };
      await socket.open();
      clock.schedule(this.#random.next() * everyMs, () => this.#sendAgain(socket));
    }
  }

  /** Datagrams on their path may still come back. */
  stop(): void {
    this.#isSending = false;
  }

  #sendAgain(socket: UdpSocket): void {
    if (!this.#isSending) return;
    const { to, everyMs, largeRate } = this.#options;
    const { clock } = this.#host.network;
    const most = this.#random.chance(largeRate) ? LARGE_BYTES : SMALL_BYTES;
    const payload = new Uint8Array(NUMBER_BYTES + Math.floor(this.#random.next() * most));
    const number = this.journal.sent(clock.nowMs);
    new DataView(payload.buffer).setUint32(0, number);
    payload.fill(number, NUMBER_BYTES);
    socket.send(payload, to);
    clock.schedule(everyMs * (0.5 + this.#random.next()), () => this.#sendAgain(socket));
  }
}

/** Returns the number of a datagram. Throws if the rest of the datagram has changed. */
export function numberOf(bytes: Uint8Array, offset = 0, length = 0): number {
  if (length < NUMBER_BYTES) throw new Error(`a datagram of ${length} bytes was never sent`);
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
  const rest = bytes.subarray(offset + NUMBER_BYTES, offset + length);
  if (rest.some((byte) => byte !== (number & 0xff))) throw new Error(`datagram ${number} was changed on its way`);
  return number;
}
