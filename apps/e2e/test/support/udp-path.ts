import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HOST = '127.0.0.1';
const BUFFER_BYTES = 4 << 20;
const HANDSHAKE_INITIATION = 1;

/** The direction of packets. */
export type Direction = 'to-server' | 'to-client';

/**
 * The network between one client and its server. It can be cut, and it can give the client another
 * address.
 */
export class UdpPath implements AsyncDisposable {
  readonly #serverAddress: string;
  readonly #serverPort: number;
  readonly #near: Socket;
  #far: Socket;
  #client: RemoteInfo | undefined;
  readonly #cut = new Set<Direction>();
  /** The number of handshakes that the client has begun. */
  initiations = 0;
  /** The addresses from which the server's packets came. */
  readonly serverAddresses = new Set<string>();
  /** The number of packets that were lost in a cut. */
  lost = 0;

  private constructor(near: Socket, far: Socket, serverPort: number, serverAddress: string) {
    this.#near = near;
    this.#far = far;
    this.#serverPort = serverPort;
    this.#serverAddress = serverAddress;
    near.on('message', (packet, client) => {
      this.#client = client;
      if (packet[0] === HANDSHAKE_INITIATION) this.initiations++;
      this.#pass('to-server', () => this.#far.send(packet, this.#serverPort, this.#serverAddress));
    });
    this.#readFar(far);
  }

  static async open(serverPort: number, serverAddress = HOST): Promise<UdpPath> {
    return new UdpPath(await bound(), await bound(), serverPort, serverAddress);
  }

  /** The port where the client reaches the server. */
  get port(): number {
    return this.#near.address().port;
  }

  /** The port that the server sees as the client's. */
  get clientPort(): number {
    return this.#far.address().port;
  }

  /** Loses all packets from now on, in these directions or in both. */
  cut(...directions: Direction[]): void {
    for (const direction of directions.length > 0 ? directions : (['to-server', 'to-client'] as const))
      this.#cut.add(direction);
  }

  restore(): void {
    this.#cut.clear();
  }

  /** Gives the client another address. Packets to the old address are lost from now on. */
  async rebind(): Promise<void> {
    const old = this.#far;
    this.#far = await bound();
    this.#readFar(this.#far);
    await closed(old);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([closed(this.#near), closed(this.#far)]);
  }

  #readFar(far: Socket): void {
    far.on('message', (packet, server) => {
      this.serverAddresses.add(server.address);
      const { port, address } = this.#client ?? {};
      if (port !== undefined) this.#pass('to-client', () => this.#near.send(packet, port, address));
    });
  }

  #pass(direction: Direction, send: () => void): void {
    if (this.#cut.has(direction)) this.lost++;
    else send();
  }
}

async function bound(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  const isClosed = once(socket, 'close');
  socket.close();
  await isClosed;
}
