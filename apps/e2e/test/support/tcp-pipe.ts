import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** Passes TCP connections from one address on to another, at the same port. */
export class TcpPipe implements AsyncDisposable {
  readonly #server: Server;
  readonly #connections = new Set<Socket>();

  private constructor(server: Server, to: string, port: number) {
    this.#server = server;
    server.on('connection', (near) => {
      const far = connect(port, to);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#connections.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => this.#connections.delete(one));
      }
    });
  }

  static async open(from: string, to: string, port: number): Promise<TcpPipe> {
    const server = createServer();
    server.listen(port, from);
    await once(server, 'listening');
    return new TcpPipe(server, to, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }
}
