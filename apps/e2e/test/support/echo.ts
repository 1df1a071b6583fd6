import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const BUFFER_BYTES = 4 << 20;

/** A UDP service that sends every datagram back to its source. */
export class Echo implements AsyncDisposable {
  readonly #socket: Socket;
  readonly port: number;
  received = 0;
  /** The last datagram that it received. */
  last: Buffer = Buffer.alloc(0);
  /** The source ports of the datagrams. There is one for each flow. */
  readonly sources = new Set<number>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (message, source) => {
      this.received++;
      this.last = message;
      this.sources.add(source.port);
      socket.send(message, source.port, source.address);
    });
  }

  static async open(port = 0, address = '127.0.0.1'): Promise<Echo> {
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: BUFFER_BYTES,
      sendBufferSize: BUFFER_BYTES,
    });
    socket.bind(port, address);
    await once(socket, 'listening');
    return new Echo(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
