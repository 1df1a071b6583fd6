import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A datagram that a service has received. */
export interface Heard {
  readonly bytes: Buffer;
  readonly text: string;
  /** The port from which it came: of a relay there is one for each flow. */
  readonly from: number;
}

/** What a service does with each datagram: `reply` sends to where it came from. */
export type Manner = (heard: Heard, reply: (payload: string) => void) => void;

/** A UDP service that answers as its test says. */
export class Service implements AsyncDisposable {
  readonly #socket: Socket;
  readonly port: number;
  /** `127.0.0.1:53`, `[::1]:53` */
  readonly endpoint: string;
  readonly heard: Heard[] = [];

  private constructor(socket: Socket, manner: Manner) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.port = port;
    this.endpoint = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    socket.on('message', (bytes, source) => {
      const heard = { bytes, text: bytes.toString(), from: source.port };
      this.heard.push(heard);
      manner(heard, (payload) => socket.send(payload, source.port, source.address));
    });
  }

  static async open(manner: Manner, address = '127.0.0.1', port = 0): Promise<Service> {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.bind(port, address);
    await once(socket, 'listening');
    return new Service(socket, manner);
  }

  /** Sends to this port of its own host. Resolves when the kernel has the datagram. */
  async send(payload: string, port: number): Promise<void> {
    const { address } = this.#socket.address();
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(payload, port, address, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

/** Answers every datagram with the port of the service, which tells upstreams apart. */
export async function openNamed(address?: string): Promise<Service> {
  const service = await Service.open((_heard, reply) => reply(`${service.port}`), address);
  return service;
}
