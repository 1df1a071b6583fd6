import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const BUFFER_BYTES = 4 << 20;
const PATIENCE_MS = 60_000;

/** The socket of an application. It sends to one local port and waits for answers. */
export class Application implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #to: string;
  readonly #received: Buffer[] = [];
  #wake: (() => void) | undefined;
  /** The addresses from which answers came. */
  readonly answeredFrom = new Set<string>();
  /** The ports from which answers came. */
  readonly answeredFromPorts = new Set<number>();

  private constructor(socket: Socket, to: string) {
    this.#socket = socket;
    this.#to = to;
    socket.on('message', (message, { address, port }) => {
      this.answeredFrom.add(address);
      this.answeredFromPorts.add(port);
      this.#received.push(message);
      this.#wake?.();
    });
  }

  /** Opens the socket on a loopback address. It sends to the same address, or to `to`. */
  static async open(address = '127.0.0.1', to = address): Promise<Application> {
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: BUFFER_BYTES,
      sendBufferSize: BUFFER_BYTES,
    });
    socket.bind(0, address);
    await once(socket, 'listening');
    return new Application(socket, to);
  }

  /** Opens several applications with these addresses, uses them, and closes them. */
  static async withMany<T>(
    count: number,
    use: (applications: readonly Application[]) => Promise<T>,
    ...addresses: Parameters<typeof Application.open>
  ): Promise<T> {
    const applications = await Promise.all(Array.from({ length: count }, () => Application.open(...addresses)));
    try {
      return await use(applications);
    } finally {
      await Promise.all(applications.map((application) => application[Symbol.asyncDispose]()));
    }
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Rejects if the kernel refuses the datagram. */
  async send(payload: Uint8Array | string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(payload, port, this.#to, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /**
   * Returns the next received datagram that was not taken yet, or undefined if none comes in time.
   */
  async receive(timeoutMs = PATIENCE_MS): Promise<Buffer | undefined> {
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

  /** Sends one datagram and waits for one. */
  async exchange(payload: Uint8Array | string, port: number): Promise<Buffer | undefined> {
    await this.send(payload, port);
    return this.receive();
  }

  /**
   * Sends a numbered datagram repeatedly until an answer to any of them comes, as applications over
   * UDP do. Returns how many were sent. Rejects if no answer comes in time.
   */
  async askUntilAnswered(port: number, { everyMs = 50, timeoutMs = PATIENCE_MS } = {}): Promise<number> {
    const deadline = Date.now() + timeoutMs;
    const topic = `asked by ${this.port} at ${performance.now()}`;
    for (let sent = 1; Date.now() < deadline; sent++) {
      await this.send(topic, port);
      const answer = await this.receive(everyMs);
      if (answer?.toString() === topic) return sent;
    }
    throw new Error(`nothing came back from port ${port} within ${timeoutMs} ms`);
  }

  /** Returns all received datagrams that were not taken yet. */
  takeAll(): Buffer[] {
    return this.#received.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }
}
