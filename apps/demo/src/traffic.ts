import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** Opens a service that sends every datagram back. */
export async function openTarget(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (message, { port, address }) => socket.send(message, port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

const EVERY_MS = 10;
const PAYLOAD_BYTES = 200;
const KEPT_ROUND_TRIPS = 1000;

/** An application that sends datagrams to a local port and measures how long their echoes take. */
export class Application {
  /** The mode that its datagrams take. */
  readonly mode: string;
  sent = 0;
  received = 0;
  readonly #socket = createSocket('udp4');
  readonly #timer: NodeJS.Timeout;
  readonly #roundTripsMs: number[] = [];

  constructor(mode: string, port: number) {
    this.mode = mode;
    this.#socket.on('message', (message) => {
      this.received++;
      this.#roundTripsMs.push(performance.now() - message.readDoubleLE(0));
      if (this.#roundTripsMs.length > KEPT_ROUND_TRIPS) this.#roundTripsMs.shift();
    });
    this.#timer = setInterval(() => {
      const payload = Buffer.alloc(PAYLOAD_BYTES);
      payload.writeDoubleLE(performance.now(), 0);
      this.#socket.send(payload, port, '127.0.0.1');
      this.sent++;
    }, EVERY_MS);
  }

  /** The median of the last thousand round trips in ms, or undefined before the first one. */
  get medianRoundTripMs(): number | undefined {
    return this.#roundTripsMs.toSorted((a, b) => a - b)[this.#roundTripsMs.length >> 1];
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }
}
