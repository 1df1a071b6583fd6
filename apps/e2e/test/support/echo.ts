import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A UDP service that sends everything back to where it came from. */
export class Echo {
  readonly #socket: Socket;
  readonly port: number;
  received = 0;
  readonly sources = new Set<number>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (message, source) => {
      this.received++;
      this.sources.add(source.port);
      socket.send(message, source.port, source.address);
    });
  }

  static async open(port = 0): Promise<Echo> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return new Echo(socket);
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}

/** An application's socket: sends to one local port and waits for answers. */
export class Application {
  readonly #socket: Socket;
  readonly #received: Buffer[] = [];
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message) => {
      this.#received.push(message);
      this.#wake?.();
    });
    socket.on('error', () => this.#wake?.());
  }

  static async open(): Promise<Application> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new Application(socket);
  }

  get address(): AddressInfo {
    return this.#socket.address();
  }

  send(payload: Uint8Array, port: number): void {
    this.#socket.send(payload, port, '127.0.0.1');
  }

  /** The next datagram that was received and not yet taken; undefined if none comes within `timeoutMs`. */
  async receive(timeoutMs = 5000): Promise<Buffer | undefined> {
    const deadline = Date.now() + timeoutMs;
    while (this.#received.length === 0) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#received.shift();
  }

  /** Sends a datagram again and again until an answer comes: what an application over UDP does. */
  async ask(payload: Uint8Array, port: number, { attempts = 20, everyMs = 250 } = {}): Promise<Buffer | undefined> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      this.send(payload, port);
      const answer = await this.receive(everyMs);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  async close(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
